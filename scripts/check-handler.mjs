// Proves that the signal handler calls nothing it must not: the object files on its path may need no
// symbol from outside, so no libc, no allocation, no locks. Looks at the objects of the last build.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, runMain, ScriptError } from './lib/run.mjs';
import { ensureTool } from './lib/system-packages.mjs';

// All that runs in the handler; each may use symbols of the others.
const HANDLER_FILES = [
  'native/sampler/signal_handler',
  'native/unwinder/capture',
  'native/unwinder/cfi',
  'native/unwinder/dwarf_expression',
  'native/unwinder/native_walk',
];

const ALLOWED = {
  _GLOBAL_OFFSET_TABLE_: 'a table of this binary that the linker makes; not a function',
};

const FORBIDDEN_WHY = {
  __tls_get_addr: 'may allocate; the thread-local needs the initial-exec model',
  __stack_chk_fail: 'the stack protector reads thread-local state and ends the process',
  memcpy: 'libc picks it at run time; gcc makes such calls from copy loops',
  memset: 'libc picks it at run time; gcc makes such calls from loops and initializers',
};

const objects = join(root, 'build/Release/obj.target/sigprof');

await runMain('check-handler', async () => {
  await ensureTool('nm');
  const defined = new Set();
  const needed = [];
  for (const file of HANDLER_FILES) {
    const object = objectOf(file);
    for (const symbol of await symbols(object, '--defined-only')) defined.add(symbol);
    for (const symbol of await symbols(object, '--undefined-only')) needed.push({ file, symbol });
  }
  if (defined.size === 0) throw new ScriptError('the objects define nothing; is the build broken?');
  const bad = needed.filter(({ symbol }) => !defined.has(symbol) && !(symbol in ALLOWED));
  for (const { file, symbol } of bad) {
    const why = FORBIDDEN_WHY[symbol] ?? 'nothing outside of the handler is known to be safe in it';
    console.error(`${file}.cc runs in the signal handler and needs ${symbol}: ${why}.`);
  }
  if (bad.length === 0) console.log('the signal handler needs no symbol from outside');
  return bad.length === 0 ? 0 : 1;
});

function objectOf(file) {
  const object = join(objects, `${file}.o`);
  const source = join(root, `${file}.cc`);
  if (!existsSync(source)) throw new ScriptError(`${file}.cc is gone; update HANDLER_FILES`);
  if (!existsSync(object) || statSync(object).mtimeMs < statSync(source).mtimeMs) {
    throw new ScriptError(
      `${file}.o is missing or older than its source; run \`npm run build:native\` first`,
    );
  }
  return object;
}

async function symbols(object, which) {
  const listed = await run('nm', ['--format=posix', which, object], { quiet: true });
  if (listed.code !== 0) throw new ScriptError(`nm failed: ${listed.output.trim()}`);
  // "name type [value size]" a line.
  return listed.output.split('\n').flatMap((line) => (line ? [line.split(' ')[0]] : []));
}
