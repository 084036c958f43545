// Builds the native tests with cmake-js, with ASan and UBSan to build-asan/ and with TSan to
// build-tsan/, runs both and ends with `native: N passed, N failed`.
// Arguments: `asan` or `tsan` for one of the two; `--filter=TEXT` for the tests with it in their name.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findNodeDir } from './lib/node-headers.mjs';
import { root, run, runMain, runNode, ScriptError } from './lib/run.mjs';
import { ensureTool } from './lib/system-packages.mjs';

const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
// SIGPROF_FUZZ: so many times more rounds of random damage.
const testTimeoutMs = 300_000 * Math.max(1, Number(process.env.SIGPROF_FUZZ ?? 1));

const builds = {
  asan: { sanitize: 'address,undefined', target: 'native_tests', suffix: '_test.cc' },
  tsan: { sanitize: 'thread', target: 'native_tests_tsan', suffix: '_tsan_test.cc' },
};

await runMain('test-native', async () => {
  if (!existsSync(cmakeJs)) throw new ScriptError('cmake-js is not installed; run `npm ci` first');
  await ensureTool('cmake');
  const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  const filter = process.argv.find((arg) => arg.startsWith('--filter='))?.slice('--filter='.length);
  const total = { passed: 0, failed: 0 };
  for (const [name, settings] of Object.entries(builds)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const hasTests = readdirSync(join(root, 'test/native')).some((file) =>
      file.endsWith(settings.suffix),
    );
    if (!hasTests) continue;
    const result = await buildAndRun(name, settings, filter);
    total.passed += result.passed;
    total.failed += result.failed;
  }
  console.log(`native: ${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});

/** One sanitizer's build and run; whatever keeps tests from running counts as one failure. */
async function buildAndRun(name, { sanitize, target }, filter) {
  console.log(`native tests with ${sanitize}`);
  const out = join(root, `build-${name}`);
  // With `nodedir`, cmake-js takes the headers from there instead of downloading them.
  const env = { npm_config_nodedir: await findNodeDir() };
  const options = ['--directory', root, '--out', out, `--CDSANITIZE=${sanitize}`];
  const parallel = ['--parallel', String(Math.min(availableParallelism(), 8))];
  // Configuring again is cheap, and the list of sources is read only then.
  for (const step of [['configure'], ['build', ...parallel]]) {
    const built = await runNode(cmakeJs, [...step, ...options], { quiet: true, env });
    if (built.code !== 0) {
      process.stderr.write(built.output);
      console.error(`test-native: cmake-js ${step[0]} failed for build-${name}/, see above`);
      return { passed: 0, failed: 1 };
    }
  }
  const [command, args] = testCommand(join(out, target), filter ? [filter] : []);
  const ran = await run(command, args, { timeoutMs: testTimeoutMs, env: sanitizerOptions() });
  const summary = /^(\d+) passed, (\d+) failed$/m.exec(ran.output);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0);
  if (ran.code === 0) return { passed, failed };
  if (ran.timedOut) console.error(`test-native: ${target} ran over ${testTimeoutMs / 1000} s`);
  else if (!summary) console.error(`test-native: ${target} died (${ran.signal ?? ran.code})`);
  return { passed, failed: Math.max(failed, 1) };
}

// TSan needs its shadow at fixed addresses; more than 28 bits of randomness in mmap (kernel >= 6.6)
// collide with it in gcc up to 13, so the tests run without randomness where setarch allows it.
function testCommand(binary, args) {
  if (!binary.endsWith('_tsan') || !existsSync('/usr/bin/setarch')) return [binary, args];
  return ['/usr/bin/setarch', ['-R', binary, ...args]];
}

function sanitizerOptions() {
  return {
    ASAN_OPTIONS: 'detect_stack_use_after_return=1:abort_on_error=1:disable_coredump=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:abort_on_error=1',
    TSAN_OPTIONS: 'halt_on_error=1:abort_on_error=1',
  };
}
