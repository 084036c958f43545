import type { RemoteRecording } from '../session/remote.ts';

const POLL_MS = 100;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const REASONS = {
  '': 'has ended',
  exited: 'has ended',
  exec: 'runs another program now',
} as const;

/** Waits until a recording is to end. Resolves with what became of the process; '' if nothing did. */
export function waitForEnd(recording: RemoteRecording, durationMs: number): Promise<string> {
  return new Promise((resolve) => {
    const finish = (reason: string) => {
      clearInterval(poll);
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      resolve(reason);
    };
    const onSignal = () => finish('');
    const poll = setInterval(() => {
      const { running, ended } = recording.progress();
      if (!running) finish(REASONS[ended]);
    }, POLL_MS);
    const timer = durationMs > 0 ? setTimeout(finish, durationMs, '') : undefined;
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
