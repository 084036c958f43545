// Runs a program of ../programs in a process of its own and hands back what it reports.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, ScriptError } from '../../lib/run.mjs';
import { controlAddon, packageFolder } from './subjects.mjs';

const DEADLINE_MS = 120_000;

/**
 * Runs programs/<name>.mjs with `settings`, which it gets as JSON; resolves to the object it prints
 * as its last line. `node`: the binary, `nodeArgs`: its own flags, `beside`: what is done meanwhile
 * with the process's id, once it has said its first line.
 */
export async function runProgram(
  name,
  settings,
  { node = process.execPath, nodeArgs = [], beside = async () => {} } = {},
) {
  const file = join(root, 'scripts/bench/programs', `${name}.mjs`);
  const environment = {
    ...process.env,
    BENCH_SETTINGS: JSON.stringify(settings),
    BENCH_CONTROL: await controlAddon(),
  };
  // Only what the program uses: a row without them needs no registry.
  const uses = Object.values(settings).flat();
  if (uses.includes('datadog')) environment.BENCH_DATADOG = await packageFolder('@datadog/pprof');
  if (settings.withTypeScript) {
    environment.BENCH_TYPESCRIPT = await packageFolder('typescript');
    if (environment.BENCH_TYPESCRIPT === null) throw new ScriptError('cannot fetch typescript');
  }
  delete environment.NODE_OPTIONS;
  const child = spawn(node, [...nodeArgs, file], { env: environment, stdio: 'pipe' });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const said = { stdout: '', stderr: '' };
  const besides = new Promise((resolve) => child.stdout.once('data', resolve)).then(() =>
    beside(child.pid),
  );
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text;
    });
  }
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(deadline);
  if (code !== 0) {
    process.stderr.write(said.stderr);
    throw new ScriptError(`programs/${name}.mjs ended with ${signal ?? code}, see above`);
  }
  await besides;
  return JSON.parse(said.stdout.trim().split('\n').at(-1));
}

/** The peers that can be had here, in the order of the columns. */
export async function availablePeers() {
  const peers = ['inspector'];
  if ((await packageFolder('@datadog/pprof')) !== null) peers.push('datadog');
  return peers;
}
