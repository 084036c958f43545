// Programs that are recorded from outside while they run, by the built command.
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { decodeBatch } from '../../src/model/batch-decoder.ts';
import type { ProfileData } from '../../src/model/profile-data.ts';
import { mainThreadSamples, program, type Recorded } from './recorded-program.ts';
import { cliPath, TestProcess } from './sigprof-process.ts';

const DEADLINE_MS = 30_000;

export interface AttachOptions {
  readonly folder: string;
  readonly version: string;
  readonly nodeFlags?: readonly string[];
  readonly args?: readonly string[];
  readonly rateHz?: number;
  /** More words for `record`. */
  readonly recordArgs?: readonly string[];
}

export interface Attached extends Omit<Recorded, 'nativeSamples'> {
  readonly profile: ProfileData;
}

/** `record -p` of a process, begun. */
export class Attachment {
  readonly recorder: TestProcess;
  readonly #file: string;

  private constructor(recorder: TestProcess, file: string) {
    this.recorder = recorder;
    this.#file = file;
  }

  /** Resolves when the process is being traced. */
  static async to(
    pid: number | undefined,
    folder: string,
    args: readonly string[] = [],
  ): Promise<Attachment> {
    const file = join(folder, `attached-${pid}.sigprof`);
    const command = ['record', ...args, '-o', file, '-p', String(pid)];
    const recorder = new TestProcess(process.execPath, [cliPath, ...command]);
    await until(() => isTraced(pid) || recorder.child.exitCode !== null);
    return new Attachment(recorder, file);
  }

  /** Waits until the recording has ended, by itself or by a signal that is sent to it. */
  async profile(signal?: NodeJS.Signals): Promise<ProfileData> {
    if (signal !== undefined) this.recorder.child.kill(signal);
    const { code, stderr } = await this.recorder.ended;
    if (code !== 0) throw new Error(`record ended with ${code}: ${stderr}`);
    return decodeBatch(new Uint8Array(readFileSync(this.#file)));
  }
}

/** The field of /proc/PID/status of that name; '' if there is none. */
export function statusField(pid: number | string | undefined, name: string): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  } catch {
    return '';
  }
}

export const isTraced = (pid: number | undefined) =>
  !['', '0'].includes(statusField(pid, 'TracerPid'));

/** What a link in /proc says; '' if there is none. */
export function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await delay(10);
  }
}

/** A fixture program that waits for `go` before its first line. */
export async function startWaiting(
  name: string,
  { version, nodeFlags = [], args = [] }: Omit<AttachOptions, 'folder'>,
): Promise<TestProcess & { go(): void }> {
  const words = ['--require', program('wait-for-start.cjs'), ...nodeFlags, program(name), ...args];
  const target = new TestProcess(await nodeBinary(version), words);
  await target.said(/^up$/m, 'stderr');
  return Object.assign(target, { go: () => target.child.stdin?.end('\n') });
}

/** Records the whole run of a fixture program from outside; throws unless it ends with exit code 0. */
export async function attachProgram(name: string, options: AttachOptions): Promise<Attached> {
  const target = await startWaiting(name, options);
  const args = ['-r', String(options.rateHz ?? 1000), ...(options.recordArgs ?? [])];
  const attachment = await Attachment.to(target.child.pid, options.folder, args);
  target.go();
  const ended = await target.ended;
  if (ended.code !== 0) throw new Error(`${name} ended with ${ended.code}: ${ended.stderr}`);
  const profile = await attachment.profile();
  return { ended, profile, samples: mainThreadSamples(profile), counters: profile.counters };
}
