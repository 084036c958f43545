// What the build and test scripts share: the repository root, running a command, plain one-line errors.
// Node builtins only: these run before anything is installed.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A failure whose message is all a reader needs: one line, no stack trace. */
export class ScriptError extends Error {}

/**
 * Runs `command`; resolves to { code, signal, timedOut, output } and never rejects for a bad exit.
 * With `quiet`, output is collected and not shown; else it is shown, and collected as well.
 * At `timeoutMs` the whole process group is killed, so that no grandchild outlives its suite.
 */
export function run(command, args, { cwd = root, env = {}, quiet = false, timeoutMs = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: timeoutMs > 0,
    });
    const chunks = [];
    let timedOut = false;
    const collect = (stream, shown) => {
      stream.on('data', (chunk) => {
        chunks.push(chunk);
        if (!quiet) shown.write(chunk);
      });
    };
    collect(child.stdout, process.stdout);
    collect(child.stderr, process.stderr);
    const killGroup = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    };
    const onInterrupt = () => {
      killGroup();
      process.exit(130);
    };
    let timer;
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        timedOut = true;
        killGroup();
      }, timeoutMs);
      // A detached child is no member of the terminal's foreground group: Ctrl-C must be passed on.
      process.once('SIGINT', onInterrupt);
    }
    let done = false;
    const finish = (code, signal, problem = '') => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      process.removeListener('SIGINT', onInterrupt);
      const output = Buffer.concat(chunks).toString('utf8') + problem;
      resolve({ code, signal, timedOut, output });
    };
    child.on('error', (error) => finish(127, null, `${command}: ${error.message}\n`));
    child.on('close', finish);
  });
}

/** Runs a JavaScript file with the running Node. */
export function runNode(file, args = [], options = {}) {
  return run(process.execPath, [file, ...args], options);
}

/** Calls `main` and turns a ScriptError into one line on stderr and exit code 1. */
export async function runMain(name, main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
