import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Lets this process outlive its child: Ctrl-C is left to the child, SIGTERM and SIGHUP are passed
 * on, a second Ctrl-C kills it. Returns how to undo that.
 */
export function relaySignals(child: ChildProcess): () => void {
  let interrupts = 0;
  const listeners: [NodeJS.Signals, () => void][] = [
    [
      'SIGINT',
      () => {
        interrupts += 1;
        if (interrupts > 1) child.kill('SIGKILL');
        else if (!isForegroundOfTerminal()) child.kill('SIGINT');
      },
    ],
    // A terminal sends Ctrl-\ to both; the file must still be written.
    ['SIGQUIT', () => {}],
    ['SIGTERM', () => child.kill('SIGTERM')],
    ['SIGHUP', () => child.kill('SIGHUP')],
  ];
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** Whether Ctrl-C at the terminal reaches our process group, and so the child without our help. */
function isForegroundOfTerminal(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // Fields after "pid (comm)": state ppid pgrp session tty_nr tpgid. The name may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return false;
  }
}
