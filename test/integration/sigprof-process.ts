// Runs the built command and programs under the built preload, each with a deadline.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

export const cliPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const preloadPath = fileURLToPath(new URL('../../dist/register.cjs', import.meta.url));
export const libraryUrl = new URL('../../dist/index.js', import.meta.url).href;

/** The built library, for reading profiles; it loads the addon only to record. */
export const library = (): Promise<typeof import('../../src/index.ts')> => import(libraryUrl);

/** Whether this is `npm run test:soak`: the same tests, far longer. */
export const isSoak = process.env.SIGPROF_SOAK === '1';

const DEADLINE_MS = isSoak ? 1_200_000 : 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process under test, with everything it has said. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #said = { stdout: '', stderr: '' };
  #onSaid = () => {};

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const env = { ...process.env, ...options.env };
    const child = spawn(command, args, { ...options, env, stdio: 'pipe' });
    this.child = child;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        this.#said[name] += text;
        this.#onSaid();
      });
    }
    const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        clearTimeout(deadline);
        this.#onSaid();
        resolve({ code, signal, ...this.#said });
      });
    });
  }

  /** Waits until it has said that on one of its streams; rejects when it ends before. */
  said(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(this.#said[stream]);
        if (match !== null) resolve(match);
        else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`ended before saying ${pattern}: ${JSON.stringify(this.#said)}`));
        }
      };
      this.#onSaid = check;
      check();
    });
  }
}

/** Runs the command `sigprof` to its end. */
export function sigprof(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return new TestProcess(process.execPath, [cliPath, ...args], options).ended;
}

/** Runs an ES module given as text to its end. */
export function runModule(source: string, options: SpawnOptions = {}): Promise<Ended> {
  return new TestProcess(process.execPath, ['--input-type=module', '-e', source], options).ended;
}

/** A folder of its own for each test; empty again afterwards. */
export function useFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
  });
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file, gone at its end. */
export function useSharedFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'sigprof-test-'));
  });
  afterAll(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}

/** Source of a function that burns so much CPU time by name, however long that takes, for `node -e`. */
export const HOT =
  'function hot(ms) { const end = process.cpuUsage().user + ms * 1000; while (process.cpuUsage().user < end) for (let i = 0; i < 1e5; i++) Math.sqrt(i); }';
