// What drawing costs where profiles are large: a file of folded stacks to an SVG.
import { execFile } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../lib/run.mjs';
import { ensureTool } from '../../lib/system-packages.mjs';
import { summarize } from '../lib/statistics.mjs';

const run = promisify(execFile);
const flamegraphPl = '/usr/share/perl5/Devel/NYTProf/flamegraph.pl';
const cli = join(root, 'dist/cli/main.js');
const LINES = 1_000_000;

export const row = {
  name: 'pictures',
  title: 'Pictures of large profiles',
  unit: 's of CPU',
  shows:
    'CPU time to draw 1,000,000 lines of folded stacks (about 100 MB) as SVG, with the original script, as Debian ships it, on the same file. Memory is the peak of the resident set.',

  async run({ repeats }) {
    await ensureTool('flamegraph.pl');
    const folder = mkdtempSync(join(tmpdir(), 'sigprof-bench-'));
    try {
      const input = join(folder, 'large.folded');
      writeStacks(input);
      const subjects = {
        sigprof: [process.execPath, cli, 'flamegraph', input, '-o', join(folder, 'a.svg')],
        'flamegraph.pl': ['perl', flamegraphPl, input],
      };
      const runs = { sigprof: [], 'flamegraph.pl': [] };
      for (let i = 0; i < repeats(3); i++) {
        for (const [name, command] of Object.entries(subjects)) {
          runs[name].push(await cost(command, folder));
        }
      }
      return table(runs, statSync(input).size);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function table(runs, bytes) {
  const of = (name, key) => summarize(runs[name].map((each) => each[key]));
  const columns = Object.keys(runs);
  const both = (key) => Object.fromEntries(columns.map((name) => [name, of(name, key)]));
  // Both take turns: what slows the machine for a while slows both runs of a turn.
  const times = runs.sigprof.map((own, at) => runs['flamegraph.pl'][at].seconds / own.seconds);
  return {
    columns,
    figures: [
      { label: `${Math.round(bytes / 1e6)} MB to SVG`, values: both('seconds') },
      {
        label: 'times less CPU than flamegraph.pl',
        values: { sigprof: summarize(times) },
        goal: { above: 10 },
      },
      { label: 'memory, GB', values: both('gigabytes'), goal: { below: 1 } },
    ],
    notes: [],
  };
}

/** CPU seconds and peak memory of a command, by GNU time's own reading of the kernel's account. */
async function cost([command, ...args], folder) {
  await ensureTool('time');
  const report = join(folder, 'time.txt');
  await run('time', ['-o', report, '-f', '%U %S %M', command, ...args], {
    cwd: folder,
    maxBuffer: 1 << 30,
  });
  const [user, system, kilobytes] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { seconds: user + system, gigabytes: kilobytes / 1e6 };
}

/** Stacks 4 to 6 frames deep of 2,000 functions that call eight others each, and any at the leaf. */
function writeStacks(path) {
  const file = openSync(path, 'w');
  let seed = 1;
  const below = (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const name = (i) => `step${i} (src/m${i % 37}.ts:${i * 3})`;
  for (let line = 0; line < LINES; ) {
    let text = '';
    for (const end = line + 10_000; line < end; line++) {
      let at = 1;
      const frames = ['main'];
      for (let depth = 2 + below(3); depth > 0; depth--) {
        at = (at * 8 + below(8)) % 2000;
        frames.push(name(at));
      }
      text += `${frames.join(';')};${name(below(2000))} ${1 + below(50)}\n`;
    }
    writeSync(file, text);
  }
  closeSync(file);
}
