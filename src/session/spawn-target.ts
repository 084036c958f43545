import { type ChildProcess, spawn } from 'node:child_process';
import { loadAddon } from '../native/load.ts';
import type { SourceMapper } from '../source-maps/source-mapper.ts';
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
  maps?: SourceMapper,
): Promise<SpawnedTarget> {
  // By way of a shell, which stays: libuv waits for children of ours, and would take what a traced
  // one reports to the sampler for its end. A group of its own, to be ended as a whole.
  const words = ['-c', '"$@"; exit $?', 'sh', command, ...args];
  const child = spawn('/bin/sh', words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_OUTPUT);
  });
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
    const found = attachToFirst(child.pid ?? 0, options, maps);
    if (found !== undefined) {
      const { recording, pid } = found;
      return { recording, pid, end: () => endGroup(child) };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  endGroup(child);
  const lastLine = said.trim().split('\n').at(-1) ?? '';
  const last = lastLine === '' ? '' : `; its last words: ${lastLine}`;
  throw new SigprofError('ERR_SIGPROF_TARGET', `'${command}' ran no Node.js process${last}`);
}

function attachToFirst(
  root: number,
  options: Omit<RemoteOptions, 'pid'>,
  maps: SourceMapper | undefined,
): { recording: RemoteRecording; pid: number } | undefined {
  for (const pid of [root, ...loadAddon().processesBelow(root)]) {
    try {
      return { recording: new RemoteRecording({ ...options, pid }, maps), pid };
    } catch (error) {
      if (!(error instanceof SigprofError) || !PASSING.includes(error.code)) throw error;
    }
  }
  return undefined;
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // Ended just now.
  }
}
