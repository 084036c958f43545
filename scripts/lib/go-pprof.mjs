// Google's pprof as Debian's Go has it: the program alone, out of its package. Installing Go would take
// minutes and 400 MB; this takes seconds, once. Kept in .cache/tools/.
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run, ScriptError } from './run.mjs';

const tools = join(root, '.cache', 'tools');
const program = join(tools, 'go-pprof');

/** Path of the program, which takes the arguments of `go tool pprof`; fetched at first use. */
export async function goPprof() {
  if (existsSync(program)) return program;
  await mkdir(tools, { recursive: true });
  const work = await mkdtemp(join(tools, '.fetch-'));
  try {
    await copyFile(await unpack(work), join(work, 'go-pprof'));
    await chmod(join(work, 'go-pprof'), 0o755);
    await rename(join(work, 'go-pprof'), program);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}

async function unpack(work) {
  const name = await packageName();
  // apt drops its rights for the download, so anybody must be able to write there.
  await chmod(work, 0o777);
  await step('apt-get', ['download', name], work);
  const archive = (await readdir(work)).find((file) => file.endsWith('.deb'));
  const extract = `dpkg --fsys-tarfile "$1" | tar -x --wildcards './usr/lib/go-*/pkg/tool/*/pprof'`;
  await step('bash', ['-o', 'pipefail', '-c', extract, 'extract', archive], work);
  const found = (await readdir(work, { recursive: true })).find((file) => /\/pprof$/.test(file));
  if (!found) throw new ScriptError(`the package ${name} holds no pprof`);
  return join(work, found);
}

/** golang-go only stands for the package of one version, as golang-1.19-go. */
async function packageName() {
  const find = () => run('apt-cache', ['depends', 'golang-go'], { quiet: true });
  const pattern = /Depends: (golang-[\d.]+-go)\b/;
  const known = pattern.exec((await find()).output);
  if (known) return known[1];
  await run('apt-get', ['update'], { quiet: true });
  const now = pattern.exec((await find()).output);
  if (now) return now[1];
  throw new ScriptError('apt-cache knows no golang-go, whose pprof the tests read our files with');
}

async function step(command, args, cwd) {
  const ran = await run(command, args, { quiet: true, cwd });
  if (ran.code === 0) return;
  const last = ran.output.trim().split('\n').at(-1) ?? '';
  throw new ScriptError(`${command} ${args[0]} failed: ${last}`);
}
