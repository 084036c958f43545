// The preload: `node --import sigprof/register`, `-r sigprof/register` or by NODE_OPTIONS; also what
// `sigprof record` puts before the program. Runs on Node 18 too. It only hands settings to the
// addon, whose C code does all the rest, prints nothing and never throws into the application.
import type { Addon } from './native/addon.ts' with { 'resolution-mode': 'import' };
import type { AddonLoader } from './native/loader-types.ts' with { 'resolution-mode': 'import' };
import type { PreloadSettingsReader, RecordRequest } from './session/preload-types.ts' with {
  'resolution-mode': 'import',
};

const fs: typeof import('node:fs') = require('node:fs');
const os: typeof import('node:os') = require('node:os');
const path: typeof import('node:path') = require('node:path');
const workers: typeof import('node:worker_threads') = require('node:worker_threads');

const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
// One mark for all copies of this file in a thread: the first one loaded serves.
const marker = Symbol.for('sigprof.register');

try {
  const scope = globalThis as unknown as Record<symbol, boolean>;
  if (scope[marker] !== true) {
    Object.defineProperty(globalThis, marker, { value: true });
    register();
  }
} catch (error) {
  complain(String((error as Error | undefined)?.message ?? error));
}

function register(): void {
  const environment = isPrivileged() ? {} : process.env;
  const { SIGPROF_DISABLE, SIGPROF_RECORD } = environment;
  if (SIGPROF_DISABLE !== undefined && SIGPROF_DISABLE !== '' && SIGPROF_DISABLE !== '0') return;
  if (SIGPROF_RECORD !== undefined && SIGPROF_RECORD !== '') {
    record(JSON.parse(SIGPROF_RECORD) as RecordRequest);
  } else if (workers.isMainThread) {
    waitForToggle(environment);
  } else {
    // Loading is all a worker needs: it registers the thread. What fails has failed on the main
    // thread too and was reported there.
    load(() => {});
  }
}

// The preload of an application: sampling is off until the signal comes.
function waitForToggle(environment: NodeJS.ProcessEnv): void {
  const reader = require('./session/preload-settings.cjs') as PreloadSettingsReader;
  const { formats, problems, ...settings } = reader.readPreloadSettings(environment);
  for (const problem of problems) complain(problem);
  const refuse = (problem: string) => {
    complain(problem);
    outliveSignal(settings.toggleSignal, problem);
  };
  const addon = load(refuse);
  if (addon === undefined) return;
  // Native code is not bound by Node's permission model, so it is respected here.
  if (!isPermitted(settings.directory)) {
    refuse(`not permitted to write to ${settings.directory}: start node with --allow-fs-write`);
    return;
  }
  if (!isWritable(settings.directory)) {
    complain(`cannot write to ${settings.directory}: set SIGPROF_DIR to a writable folder`);
  }
  addon.installRecorder({
    ...settings,
    idle: false,
    maxBytes: DEFAULT_MAX_BYTES,
    streamPath: '',
    converter: converterFor(formats),
    // Without the arguments: they may hold secrets, and the files travel.
    title: process.argv[1] === undefined ? 'node' : `node ${path.basename(process.argv[1])}`,
  });
}

// Whoever sends the signal expects a recording. Without the addon nothing would handle it, and its
// default would end the application.
function outliveSignal(signal: number, problem: string): void {
  const names = Object.keys(os.constants.signals) as NodeJS.Signals[];
  const name = names.find((candidate) => os.constants.signals[candidate] === signal);
  if (name === undefined || process.listenerCount(name) > 0) return;
  process.on(name, () => complain(`cannot start a recording: ${problem}`));
}

// Under `sigprof record`: the first Node process takes part, others only with --subprocesses.
function record(request: RecordRequest): void {
  if (!isPermitted(request.directory)) {
    complain(`not permitted to write to ${request.directory}: start node with --allow-fs-write`);
    return;
  }
  const takesPart = request.subprocesses || (!startsScripts() && isFirstProcess(request.directory));
  if (!takesPart) return;
  const refuse = (problem: string) =>
    fs.writeFileSync(freeName(request.directory, '.problem'), problem);
  const addon = load(refuse);
  if (addon === undefined || !workers.isMainThread) return;
  try {
    installRecorder(addon, request);
  } catch (error) {
    refuse((error as Error).message);
  }
}

function installRecorder(addon: Addon, request: RecordRequest): void {
  addon.installRecorder({
    rateHz: request.rateHz,
    mode: request.mode,
    idle: request.idle,
    native: request.native,
    maxBytes: request.maxBytes,
    durationMs: request.durationMs,
    title: request.title,
    toggleSignal: 0,
    autostart: true,
    directory: request.directory,
    streamPath: freeName(request.directory, '.sigprof'),
    maxFiles: 1,
    converter: [],
  });
}

// `npm start`, `npx tool` and the like only start the program that is meant.
function startsScripts(): boolean {
  const [, script = '', verb = ''] = process.argv;
  const [name = ''] = path.basename(script).split(/[.-]/);
  if (name === 'npx') return true;
  return (
    /^(npm|pnpm|yarn|yarnpkg)$/.test(name) &&
    /^(start|stop|restart|test|t|run|run-script|exec|x|dlx)$/.test(verb)
  );
}

// Claims the recording by a file, so that the order of starting decides however the processes are
// related, and whatever their environment went through. Workers share the claim of their process.
function isFirstProcess(directory: string): boolean {
  const claim = path.join(directory, 'first');
  if (workers.isMainThread) {
    try {
      fs.writeFileSync(claim, String(process.pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The folder is gone: a process that outlived the recording.
      if (code === 'ENOENT') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  // Equal on the main thread when the process has exec'd another Node.
  return fs.readFileSync(claim, 'utf8') === String(process.pid);
}

function freeName(directory: string, extension: string): string {
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? '' : `-${attempt}`;
    const file = path.join(directory, `${process.pid}${suffix}${extension}`);
    if (!fs.existsSync(file)) return file;
  }
}

function load(report: (problem: string) => void = complain): Addon | undefined {
  const loader = require('./native/load-addon.cjs') as AddonLoader;
  const { addon, problem } = loader.loadAddon();
  const status = addon?.status();
  if (addon !== undefined && status?.ok === true) return addon;
  report(problem?.message ?? status?.message ?? 'this Node cannot be sampled');
  return undefined;
}

// The pictures are drawn by a short-lived process of their own, started by native code.
function converterFor(formats: readonly string[]): string[] {
  const pictures = formats.filter((format) => format !== 'sigprof');
  const { electron } = process.versions;
  // Electron's binary is no plain Node.
  if (pictures.length === 0 || electron !== undefined) return [];
  const script = path.join(__dirname, 'cli', 'convert-recording.js');
  const keep = formats.includes('sigprof') ? [] : ['--remove'];
  return [process.execPath, script, '--formats', pictures.join(','), ...keep];
}

function isPermitted(directory: string): boolean {
  const { permission } = process as { permission?: { has(scope: string, path: string): boolean } };
  return permission === undefined || permission.has('fs.write', directory);
}

function isWritable(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// The environment of a set-uid process belongs to somebody else. Native code checks AT_SECURE too.
function isPrivileged(): boolean {
  if (process.getuid === undefined) return false;
  return process.getuid() !== process.geteuid?.() || process.getgid?.() !== process.getegid?.();
}

function complain(problem: string): void {
  try {
    // Synchronous, past the streams: loading process.stderr here could disturb the application.
    fs.writeSync(2, `sigprof: ${problem}\n`);
  } catch {
    // Nobody to tell.
  }
}
