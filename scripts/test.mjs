// What `npm test` runs, also on a fresh clone: installs, builds, lints, runs every suite. The last line
// is `N passed, N failed` over all of them; a suite that crashes, hangs or runs nothing has failed.
// Node builtins only. Arguments: names of steps to run instead of all, e.g. `native unit`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENDED_NODE_VERSIONS, NODE_VERSIONS, nodeBinary } from './fetch-nodes.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { root, run, runNode, ScriptError } from './lib/run.mjs';
import { ensureAllTools } from './lib/system-packages.mjs';

const MINUTE_MS = 60_000;
const reports = mkdtempSync(join(tmpdir(), 'sigprof-test-'));

const bin = (path) => join(root, 'node_modules', path);
const ownScript = (name) => join(root, 'scripts', name);

// In this order. `prepare`: everything after it needs it; a failed one counts, a good one does not.
const STEPS = [
  { name: 'tools', prepare: true, start: ensureAllTools },
  { name: 'install', prepare: true, start: ensureInstalled },
  { name: 'node-versions', prepare: true, start: fetchNodes },
  { name: 'build-ts', prepare: true, start: () => command('build-ts.mjs') },
  { name: 'build-native', prepare: true, start: () => command('build-native.mjs') },
  { name: 'biome', start: () => lint(bin('@biomejs/biome/bin/biome'), ['ci', '.']) },
  { name: 'clang-format', start: () => lint(ownScript('clang-format.mjs'), ['--check']) },
  { name: 'layers', start: () => lint(ownScript('check-layers.mjs')) },
  { name: 'handler', start: () => lint(ownScript('check-handler.mjs')) },
  { name: 'native', start: () => nativeSuite(30 * MINUTE_MS) },
  { name: 'unit', start: () => vitestSuite('unit', 10 * MINUTE_MS) },
  { name: 'integration', start: () => vitestSuite('integration', 45 * MINUTE_MS) },
  { name: 'browser', start: () => vitestSuite('browser', 10 * MINUTE_MS) },
  { name: 'e2e', start: () => vitestSuite('e2e', 30 * MINUTE_MS) },
];

process.exitCode = await main(process.argv.slice(2));

async function main(wanted) {
  const unknown = wanted.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    console.error(
      `test: no step ${unknown}; there are ${STEPS.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const total = { passed: 0, failed: 0 };
  const times = [];
  let broken = null;
  for (const step of STEPS) {
    if (wanted.length > 0 && !wanted.includes(step.name)) continue;
    const startMs = performance.now();
    const result = broken
      ? failure(`${step.name} is not run, because ${broken} failed`)
      : await attempt(step);
    if (step.prepare && result.failed > 0) broken ??= step.name;
    total.passed += result.passed;
    total.failed += result.failed;
    times.push({ name: step.name, seconds: (performance.now() - startMs) / 1000, ...result });
    printTime(times.at(-1));
  }
  rmSync(reports, { recursive: true, force: true });
  console.log('\nAll steps:');
  for (const time of times) printTime(time);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

async function attempt(step) {
  console.log(`\n== ${step.name}`);
  try {
    const result = await step.start();
    return step.prepare ? { passed: 0, failed: result?.failed ?? 0 } : result;
  } catch (error) {
    return failure(error instanceof ScriptError ? error.message : String(error.stack));
  }
}

function failure(message) {
  console.error(`test: ${message}`);
  return { passed: 0, failed: 1 };
}

function printTime({ name, seconds, passed, failed, skipped = 0 }) {
  const counts = passed + failed > 0 ? `  ${passed} passed, ${failed} failed` : '';
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`   ${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s${counts}${skips}`);
}

async function fetchNodes() {
  for (const version of [...NODE_VERSIONS, ...ENDED_NODE_VERSIONS]) await nodeBinary(version);
}

async function command(name) {
  const ran = await runNode(ownScript(name), [], { timeoutMs: 15 * MINUTE_MS });
  return ran.code === 0 ? { passed: 0, failed: 0 } : failure(`${name} failed, see above`);
}

async function lint(file, args = []) {
  const ran = await runNode(file, args, { timeoutMs: 5 * MINUTE_MS });
  return ran.code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function nativeSuite(timeoutMs) {
  const ran = await runNode(ownScript('test-native.mjs'), [], { timeoutMs });
  const summary = /^native: (\d+) passed, (\d+) failed$/m.exec(ran.output);
  return judge('native', ran, timeoutMs, {
    passed: Number(summary?.[1] ?? 0),
    failed: Number(summary?.[2] ?? 0),
  });
}

async function vitestSuite(project, timeoutMs) {
  const report = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', '--project', project, ...reporters];
  const ran = await run(process.execPath, [bin('vitest/vitest.mjs'), ...args], { timeoutMs });
  return judge(project, ran, timeoutMs, readReport(report));
}

/** Adds a failure for whatever the counts alone would hide. */
function judge(name, ran, timeoutMs, counts) {
  if (ran.timedOut) {
    console.error(`test: ${name} took over ${timeoutMs / MINUTE_MS} minutes and was ended`);
    return { ...counts, failed: counts.failed + 1 };
  }
  if (ran.code !== 0 && counts.failed === 0) {
    console.error(`test: ${name} ended with ${ran.signal ?? `exit code ${ran.code}`}`);
    return { ...counts, failed: 1 };
  }
  if (counts.passed + counts.failed === 0) {
    console.error(`test: ${name} ran no test`);
    return { ...counts, failed: 1 };
  }
  return counts;
}

function readReport(file) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return counts; // none was written: judged by the caller
  }
  for (const suite of report.testResults) {
    const failedBefore = counts.failed;
    for (const { status } of suite.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    // A file that can't be loaded has no results of its own.
    if (suite.status === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  return counts;
}
