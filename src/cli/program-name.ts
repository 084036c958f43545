import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What people would call a program: its script rather than the interpreter. */
export function nameOfProgram([command = '', ...args]: readonly string[]): string {
  const name = basename(command);
  const script = /^node/.test(name) ? args.find((word) => !word.startsWith('-')) : undefined;
  return script === undefined ? name : basename(script).replace(/\.[cm]?[jt]s$/, '');
}

/** The same of a running process; 'process' where it does not tell. */
export function programName(pid: number): string {
  return nameOfProgram(wordsOf(pid)) || 'process';
}

/** The words a process was started with, joined by blanks; '' where it does not tell. */
export function commandLineOf(pid: number): string {
  return wordsOf(pid).join(' ');
}

function wordsOf(pid: number): string[] {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.filter((word) => word !== '');
  } catch {
    return [];
  }
}
