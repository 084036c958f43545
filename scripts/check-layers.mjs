// Checks that imports and includes go down the layers only (ARCHITECTURE.md), that none go in a
// circle, and that files and functions stay short. One sentence per violation.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root, runMain } from './lib/run.mjs';
import { blankComments, findCycle, findFunctions, listFiles } from './lib/source-files.mjs';

const MAX_FILE_LINES = 450;
const MAX_FUNCTION_LINES = 80;

// Layer: what it may import. A layer is a folder of src/ or a file right in it.
const TS_LAYERS = {
  model: [],
  formats: ['model'],
  flamegraph: ['model'],
  'source-maps': ['model'],
  profile: ['formats', 'flamegraph', 'source-maps', 'model'],
  native: ['model'],
  session: ['native', 'profile', 'source-maps', 'model'],
  cli: ['session', 'profile', 'source-maps', 'model'],
  index: ['session', 'profile', 'model'],
  register: ['native'],
};

// Bottom first: each may include what is below it.
const NATIVE_LAYERS = [
  ['os'],
  ['v8'],
  ['unwinder'],
  ['resolver'],
  ['sampler', 'remote'],
  ['addon'],
];

// Upward on purpose.
const ALLOWED_FILES = [
  {
    from: /^native\/v8\//,
    to: /^native\/unwinder\/(capture|raw_sample)\.h$/,
    why: 'plain data and the pure capture function: v8 fills in their layout and tests itself with them',
  },
  {
    from: /^src\/register\.cts$/,
    to: /^src\/session\/preload-(types|settings)\.c?ts$/,
    why: 'the settings of the preload are read where all options are known',
  },
];

await runMain('check-layers', () => {
  const problems = [...checkTypeScript(), ...checkNative(), ...checkSizes()];
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log('layers, cycles and sizes are as they should be');
  return problems.length === 0 ? 0 : 1;
});

function checkTypeScript() {
  const problems = [];
  const graph = new Map();
  for (const file of listFiles('src', /\.[cm]?ts$/)) {
    const targets = new Set();
    for (const target of typeScriptImports(file)) {
      targets.add(target);
      const from = tsLayer(file);
      const to = tsLayer(target);
      if (!(from in TS_LAYERS)) problems.push(`${file} lies in no known layer of src/.`);
      else if (from !== to && !TS_LAYERS[from].includes(to) && !isAllowed(file, target)) {
        problems.push(
          `${file} imports ${target}, but ${from} may import ${words(TS_LAYERS[from])}.`,
        );
      }
    }
    graph.set(file, targets);
  }
  return problems.concat(cycleProblem(graph, 'imports'));
}

function typeScriptImports(file) {
  const text = blankComments(readFileSync(join(root, file), 'utf8'));
  const specifiers = text.matchAll(
    /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"](\.[^'"]*)['"]/g,
  );
  const targets = [];
  for (const [, specifier] of specifiers) {
    const target = normalize(join(dirname(file), specifier));
    const source = [target, target.replace(/\.([cm]?)js$/, '.$1ts')].find((path) =>
      existsSync(join(root, path)),
    );
    // Outside of src/ there is package.json only.
    if (source?.startsWith('src/')) targets.push(source);
  }
  return targets;
}

function tsLayer(file) {
  return file.split('/')[1].replace(/\.[cm]?ts$/, '');
}

function checkNative() {
  const problems = [];
  const graph = new Map();
  for (const file of listFiles('native', /\.(cc|h)$/)) {
    const text = blankComments(readFileSync(join(root, file), 'utf8'));
    const targets = new Set();
    const layer = file.split('/')[1];
    for (const [, open, path] of text.matchAll(/^\s*#\s*include\s+(["<])([^">]+)[">]/gm)) {
      if (/^(napi|node_api|js_native_api|node|v8)[\w-]*\.h$/.test(path) && layer !== 'addon') {
        problems.push(`${file} includes <${path}>, which only native/addon may.`);
      }
      if (open === '<') continue;
      const target = `native/${path}`;
      if (!existsSync(join(root, target))) continue;
      targets.add(target);
      if (height(target) > height(file) || isSibling(file, target)) {
        if (isAllowed(file, target)) continue;
        problems.push(`${file} includes ${target}, which is not below it.`);
      }
    }
    graph.set(file, targets);
  }
  return problems.concat(cycleProblem(graph, 'includes'));
}

function height(file) {
  return NATIVE_LAYERS.findIndex((layers) => layers.includes(file.split('/')[1]));
}

function isSibling(file, target) {
  return height(file) === height(target) && file.split('/')[1] !== target.split('/')[1];
}

function isAllowed(file, target) {
  return ALLOWED_FILES.some(({ from, to }) => from.test(file) && to.test(target));
}

function cycleProblem(graph, verb) {
  const cycle = findCycle(graph);
  return cycle ? [`The ${verb} go in a circle: ${cycle.join(' -> ')}.`] : [];
}

function checkSizes() {
  const problems = [];
  const files = [
    ...listFiles('src', /\.[cm]?ts$/),
    ...listFiles('native', /\.(cc|h)$/),
    ...listFiles('scripts', /\.mjs$/),
    ...listFiles('test', /\.(cc|h|ts)$/).filter((file) => !file.startsWith('test/fixtures/')),
  ];
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    const lines = text.split('\n').length - 1;
    if (lines > MAX_FILE_LINES) {
      problems.push(`${file} has ${lines} lines, more than ${MAX_FILE_LINES}.`);
    }
    // A describe() of a test suite is a function only in form.
    if (/\.test\.ts$/.test(file)) continue;
    for (const { name, line, lines: length } of findFunctions(text)) {
      if (length <= MAX_FUNCTION_LINES) continue;
      problems.push(
        `${name} at ${file}:${line} has ${length} lines, more than ${MAX_FUNCTION_LINES}.`,
      );
    }
  }
  return problems;
}

function words(layers) {
  return layers.length === 0 ? 'nothing of ours' : `only ${layers.join(', ')}`;
}
