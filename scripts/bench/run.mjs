// What `npm run bench` runs: every row of rows/, or those named.
//   npm run bench -- [ROW...] [--quick] [--json FILE] [--markdown]
// Tables go to stdout, progress to stderr. Results are kept in .cache/bench/results.json, the latest
// of each row. --markdown writes all of them into docs/benchmarks.md. --quick: few repetitions, for a
// first look. Exit code 0 also when a goal is missed: a measurement is no test.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NODE_VERSIONS, nodeBinary } from '../fetch-nodes.mjs';
import { root, runMain, ScriptError } from '../lib/run.mjs';
import { availablePeers } from './lib/program.mjs';
import { markdownSections, replaceSections, toText } from './lib/report.mjs';
import { loadRows } from './lib/rows.mjs';
import { workshop } from './lib/subjects.mjs';

const document = join(root, 'docs/benchmarks.md');
const resultsFile = join(workshop, 'results.json');

await runMain('bench', async () => {
  const { values, positionals } = parseCommandLine();
  const rows = await loadRows(positionals);
  checkBuilt();
  const context = await makeContext(values.quick);
  const results = new Map(readResults().map((result) => [result.name, result]));
  for (const row of rows) {
    const startMs = performance.now();
    console.error(`${row.name} …`);
    const result = await runRow(row, context);
    console.error(`${row.name}: ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    console.log(`\n${toText(result)}`);
    results.set(row.name, result);
    writeResults([...results.values()], values.json);
  }
  if (values.markdown) await writeDocument(results);
});

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string', default: resultsFile },
        markdown: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new ScriptError(error.message);
  }
}

function checkBuilt() {
  for (const file of ['dist/index.js', 'build/Release/sigprof.node']) {
    if (!existsSync(join(root, file))) {
      throw new ScriptError(`${file} is missing; run \`npm run build\` first`);
    }
  }
}

// What a row's run() gets.
async function makeContext(quick) {
  const own = process.versions.node;
  const others = quick ? [] : NODE_VERSIONS.filter((version) => version !== own);
  const nodes = [];
  for (const version of others) nodes.push({ version, path: await nodeBinary(version) });
  return {
    peers: await availablePeers(),
    nodes,
    repeats: (usual) => (quick ? 1 : usual),
  };
}

async function runRow(row, context) {
  const loadBefore = loadavg()[0];
  const { columns, figures, notes = [] } = await row.run(context);
  const { name, title, unit, shows } = row;
  const machine = machineName(loadBefore, loadavg()[0]);
  return { name, title, unit, shows, columns, figures, notes, machine };
}

function machineName(...loads) {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const load = Math.max(...loads) > availableParallelism() * 1.5 ? 'busy' : 'quiet';
  const where = `${availableParallelism()} CPUs, ${model}, Linux ${release()}`;
  return `${where}, Node ${process.versions.node}; other load on the machine: ${load}`;
}

function readResults() {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  } catch {
    return [];
  }
}

function writeResults(results, file) {
  mkdirSync(workshop, { recursive: true });
  const text = `${JSON.stringify(results, undefined, 1)}\n`;
  for (const path of new Set([resultsFile, file])) writeFileSync(path, text);
}

// Rows in the order of their files, those that no longer exist left out.
async function writeDocument(results) {
  const kept = (await loadRows()).flatMap(({ name }) => results.get(name) ?? []);
  writeFileSync(document, replaceSections(readFileSync(document, 'utf8'), markdownSections(kept)));
  console.error('docs/benchmarks.md: tables replaced');
}
