import { cutLongText } from '../model/text.ts';
import type { DumpFrame, ProcessDump, ThreadDump, ThreadState } from '../session/dump.ts';

const LONGEST_COMMAND_LINE = 1000;

const STATES: Readonly<Record<ThreadState, string>> = {
  running: 'running',
  native: 'in native code',
  gc: 'in garbage collection',
  idle: 'idle',
  lock: 'waiting in a lock',
  syscall: 'waiting',
  stopped: 'stopped by a signal',
  unknown: 'unknown',
};

/** Numbers of x86-64, of what Node's threads sleep in. */
const SYSCALLS: Readonly<Record<number, string>> = {
  0: 'read',
  1: 'write',
  7: 'poll',
  17: 'pread64',
  18: 'pwrite64',
  20: 'writev',
  23: 'select',
  35: 'nanosleep',
  42: 'connect',
  43: 'accept',
  45: 'recvfrom',
  47: 'recvmsg',
  61: 'wait4',
  72: 'fcntl',
  73: 'flock',
  74: 'fsync',
  75: 'fdatasync',
  202: 'futex',
  230: 'clock_nanosleep',
  232: 'epoll_wait',
  247: 'waitid',
  270: 'pselect6',
  271: 'ppoll',
  281: 'epoll_pwait',
  288: 'accept4',
  441: 'epoll_pwait2',
};

/** A process as text for people. */
export function formatDump(dump: ProcessDump): string {
  const lines = [
    `Process ${dump.pid}: ${oneLine(dump.commandLine)}`,
    `Node ${dump.nodeVersion || '(version unknown)'}, V8 ${dump.v8Version} (${oneLine(dump.executable)})`,
  ];
  const scripted = dump.threads.filter((thread) => thread.kind !== 'native');
  for (const thread of scripted) lines.push('', ...formatThread(thread));
  if (scripted.length === 0) lines.push('', 'no thread runs JavaScript (yet)');
  lines.push('', ...formatNative(dump.threads.filter((thread) => thread.kind === 'native')));
  return `${lines.join('\n').trimEnd()}\n`;
}

function formatThread(thread: ThreadDump): string[] {
  const kind = thread.kind === 'main' ? 'main thread' : 'worker';
  const lines = [`Thread ${thread.tid} (${stateOf(thread)}): ${kind} "${oneLine(thread.name)}"`];
  for (const frame of thread.frames) lines.push(`    ${formatFrame(frame)}`);
  if (thread.frames.length === 0) lines.push(emptyReason(thread));
  else if (!thread.complete) lines.push('    [some frames could not be read]');
  return lines;
}

function emptyReason({ complete }: ThreadDump): string {
  return complete
    ? '    (no JavaScript on the stack)'
    : '    (in JavaScript; it could not be stopped, so its stack is not known)';
}

function formatFrame({ name, path, line, functionLine, kind }: DumpFrame): string {
  if (kind !== 'javascript' || path === '') return oneLine(name);
  const place = line > 0 ? line : functionLine;
  return oneLine(place > 0 ? `${name} (${path}:${place})` : `${name} (${path})`);
}

function stateOf({ state, syscall }: ThreadDump): string {
  const words = STATES[state];
  return state === 'syscall' && syscall !== null
    ? `${words} in ${SYSCALLS[syscall] ?? `system call ${syscall}`}`
    : words;
}

// They have nothing to show but their names: those alike in one line.
function formatNative(threads: readonly ThreadDump[]): string[] {
  const counts = new Map<string, number>();
  for (const thread of threads) {
    const words = `"${oneLine(thread.name)}" (${stateOf(thread)})`;
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const rows = [...counts].map(([words, count]) => `    ${count} x ${words}`);
  return ['Threads without JavaScript:', ...rows];
}

/** Names come from the process: none may move the cursor or begin a line. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return cutLongText(text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?'), LONGEST_COMMAND_LINE);
}
