import { readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { SigprofError } from './errors.ts';
import type { PreloadSettingsReader } from './preload-types.ts';
import {
  type ProcessInfo,
  readEnvironment,
  readMappedFiles,
  readProcessInfo,
  userName,
} from './process-info.ts';

/** A process that will understand the toggle, and by which signal. */
export interface ToggleTarget {
  readonly pid: number;
  readonly name: string;
  readonly signal: NodeJS.Signals;
}

/** Where to look and whom to be; the tests put made-up processes there. */
export interface ToggleContext {
  readonly procRoot: string;
  readonly uid: number;
  readonly settings: PreloadSettingsReader;
}

function ownContext(): ToggleContext {
  return {
    procRoot: '/proc',
    uid: process.geteuid?.() ?? 0,
    // The preload's own reader, so that both agree on the signal; CommonJS as the preload is.
    settings: createRequire(import.meta.url)('./preload-settings.cjs') as PreloadSettingsReader,
  };
}

/**
 * Checks that a process has loaded sigprof/register and still handles its signal. To any other
 * process the signal would be deadly.
 * @throws SigprofError ERR_SIGPROF_TARGET with the reason
 */
export function findToggleTarget(pid: number, context: ToggleContext = ownContext()): ToggleTarget {
  const { procRoot, uid } = context;
  const info = readProcessInfo(pid, procRoot);
  if (info.state === 'Z' || info.state === 'X') {
    throw refusal(info, 'has ended and only waits for its parent (zombie)');
  }
  if (uid !== 0 && uid !== info.uid) {
    const owner = userName(info.uid);
    throw refusal(info, `belongs to ${owner}; run this as ${owner} or root`);
  }
  const files = readMappedFiles(pid, procRoot);
  if (files === undefined) {
    throw refusal(info, 'may not be looked at (/proc/PID/maps is closed); run this as root');
  }
  if (![...files].some(isAddonPath)) throw refusal(info, whyNotLoaded(info, procRoot));
  const signal = toggleSignal(info, context);
  if ((info.caughtSignals & (1n << BigInt(constants.signals[signal] - 1))) === 0n) {
    throw refusal(
      info,
      `does not handle ${signal}, so that would end it: the application replaced the handler, or ` +
        'sigprof/register reported a problem at its start; restart it with another SIGPROF_SIGNAL',
    );
  }
  return { pid, name: info.name, signal };
}

/** Switches sampling in a checked process. @throws SigprofError ERR_SIGPROF_TARGET */
export function toggle(target: ToggleTarget): void {
  try {
    process.kill(target.pid, target.signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ESRCH' ? 'has just ended' : `cannot be signalled (${message})`;
    throw new SigprofError(
      'ERR_SIGPROF_TARGET',
      `process ${target.pid} (${target.name}) ${reason}`,
      {
        cause: error,
      },
    );
  }
}

/** Own builds are `sigprof.node`; prebuilt ones carry the package's name in file or folder. */
export function isAddonPath(path: string): boolean {
  return /sigprof[^/]*\.node$/.test(path) || /\/sigprof\/.*\.node$/.test(path);
}

function refusal(info: ProcessInfo, reason: string): SigprofError {
  return new SigprofError('ERR_SIGPROF_TARGET', `process ${info.pid} (${info.name}) ${reason}`);
}

function whyNotLoaded(info: ProcessInfo, procRoot: string): string {
  const start = "start it with 'node --import sigprof/register …'";
  let executable = '';
  try {
    executable = readlinkSync(`${procRoot}/${info.pid}/exe`);
  } catch {
    // Kernel threads have none.
  }
  if (!/\/node[^/]*$/.test(executable)) return `is not Node, or has not loaded sigprof; ${start}`;
  return `has not loaded sigprof/register; ${start}`;
}

function toggleSignal(info: ProcessInfo, context: ToggleContext): NodeJS.Signals {
  const environment = readEnvironment(info.pid, context.procRoot) ?? [];
  const { SIGPROF_SIGNAL = '' } = Object.fromEntries(environment);
  const number = context.settings.readPreloadSettings({ SIGPROF_SIGNAL }).toggleSignal;
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const name = names.find((candidate) => constants.signals[candidate] === number);
  if (name === undefined) {
    throw refusal(
      info,
      `was started with SIGPROF_SIGNAL=${SIGPROF_SIGNAL}, so it has no toggle signal`,
    );
  }
  return name;
}
