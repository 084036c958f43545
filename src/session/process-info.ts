import { readFileSync } from 'node:fs';
import { SigprofError } from './errors.ts';

/** What /proc tells of a process, as far as the toggle needs it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  /** One letter as in ps: R, S, D, T, Z, … */
  readonly state: string;
  /** Effective user id. */
  readonly uid: number;
  /** Signals with a handler; bit n-1 stands for signal n. */
  readonly caughtSignals: bigint;
}

/** @throws SigprofError ERR_SIGPROF_TARGET when there is no such process */
export function readProcessInfo(pid: number, procRoot = '/proc'): ProcessInfo {
  const text = readProcFile(pid, 'status', procRoot);
  if (text === undefined) {
    throw new SigprofError(
      'ERR_SIGPROF_TARGET',
      `no process ${pid}: it has ended or never was; look for the right one with 'pgrep -a node'`,
    );
  }
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    pid,
    name: field('Name'),
    state: field('State').charAt(0),
    uid: Number(field('Uid').split(/\s+/)[1]),
    caughtSignals: BigInt(`0x${field('SigCgt') || '0'}`),
  };
}

/** Paths of the files mapped into the process; undefined where we may not look. */
export function readMappedFiles(pid: number, procRoot = '/proc'): Set<string> | undefined {
  const maps = readProcFile(pid, 'maps', procRoot);
  if (maps === undefined) return undefined;
  // "start-end perms offset dev inode   path"; the path may hold blanks.
  const paths = maps.matchAll(/^\S+ \S+ \S+ \S+ \S+ +(\/.*)$/gm);
  return new Set([...paths].map((match) => (match[1] ?? '').replace(/ \(deleted\)$/, '')));
}

/** The environment the process was started with; undefined where we may not look. */
export function readEnvironment(pid: number, procRoot = '/proc'): Map<string, string> | undefined {
  const text = readProcFile(pid, 'environ', procRoot);
  if (text === undefined) return undefined;
  const pairs = text.split('\0').filter((entry) => entry.includes('='));
  return new Map(
    pairs.map((entry) => {
      const split = entry.indexOf('=');
      return [entry.slice(0, split), entry.slice(split + 1)];
    }),
  );
}

/** The name of a user, or `uid N` where it has none. */
export function userName(uid: number, passwdPath = '/etc/passwd'): string {
  try {
    const line = readFileSync(passwdPath, 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? `uid ${uid}`;
  } catch {
    return `uid ${uid}`;
  }
}

function readProcFile(pid: number, name: string, procRoot: string): string | undefined {
  try {
    return readFileSync(`${procRoot}/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
