import { type ChildProcess, spawn } from 'node:child_process';
import { loadAddon } from '../native/load.ts';
import { SigprofError } from './errors.ts';
import { type RemoteOptions, RemoteRecording } from './remote.ts';

const RETRY_MS = 50;
/** So long a program may take to start Node. */
const PATIENCE_MS = 30_000;
const KEPT_OUTPUT = 2000;
/** Reasons that may be gone at the next try. */
const PASSING = ['ERR_SIGPROF_NOT_NODE', 'ERR_SIGPROF_NO_PROCESS', 'ERR_SIGPROF_ZOMBIE'];

/** A program of ours whose first Node process is recorded from outside. */
export interface SpawnedTarget {
  readonly recording: RemoteRecording;
  readonly pid: number;
  /** Ends the program. */
  end(): void;
}

/**
 * Runs a program and attaches to the first Node process it is or starts. Its output is dropped: the
 * terminal is in use.
 * @throws SigprofError when it can't be started, or no Node process can be recorded
 */
export async function spawnAndAttach(
  command: string,
  args: readonly string[],
  options: Omit<RemoteOptions, 'pid'>,
): Promise<SpawnedTarget> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_OUTPUT);
  });
  await spawned(child, command);
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
    const found = attachToFirst(child.pid ?? 0, options);
    if (found !== undefined) {
      const { recording, pid } = found;
      return { recording, pid, end: () => child.kill('SIGTERM') };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  child.kill('SIGTERM');
  const words = said.trim().split('\n').at(-1) ?? '';
  const last = words === '' ? '' : `; its last words: ${words}`;
  throw new SigprofError('ERR_SIGPROF_TARGET', `'${command}' ran no Node.js process${last}`);
}

function attachToFirst(
  root: number,
  options: Omit<RemoteOptions, 'pid'>,
): { recording: RemoteRecording; pid: number } | undefined {
  for (const pid of [root, ...loadAddon().processesBelow(root)]) {
    try {
      return { recording: new RemoteRecording({ ...options, pid }), pid };
    } catch (error) {
      if (!(error instanceof SigprofError) || !PASSING.includes(error.code)) throw error;
    }
  }
  return undefined;
}

function spawned(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'no such command; check PATH' : error.message;
      reject(
        new SigprofError('ERR_SIGPROF_TARGET', `cannot start '${command}': ${reason}`, {
          cause: error,
        }),
      );
    });
  });
}
