import type { RemoteRecording } from '../session/remote.ts';

const POLL_MS = 100;
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const REASONS = {
  '': 'has ended',
  exited: 'has ended',
  exec: 'runs another program now',
} as const;

/** From now on signals that would end this process only abort what is returned. */
export function catchEndSignals(): AbortSignal {
  const asked = new AbortController();
  const onSignal = () => {
    // The next one ends us.
    for (const signal of SIGNALS) process.off(signal, onSignal);
    asked.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return asked.signal;
}

/**
 * Waits until a recording is to end, or somebody asks for that. Resolves with what became of the process; '' if nothing did.
 */
export function waitForEnd(
  recording: RemoteRecording,
  durationMs: number,
  asked: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const finish = (reason: string) => {
      clearInterval(poll);
      clearTimeout(timer);
      resolve(reason);
    };
    const poll = setInterval(() => {
      const { running, ended } = recording.progress();
      if (!running) finish(REASONS[ended]);
    }, POLL_MS);
    const timer = durationMs > 0 ? setTimeout(finish, durationMs, '') : undefined;
    asked.addEventListener('abort', () => finish(''));
    if (asked.aborted) finish('');
  });
}
