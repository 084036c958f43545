// Workers that come and go under load: each ends as it would, and its CPU time is in the profile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { isSoak, library, sigprof, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const churn = fileURLToPath(new URL('../fixtures/programs/worker-churn.cjs', import.meta.url));

// `npm run test:soak` churns 504 in both modes on every Node.
const WORKERS = isSoak ? 504 : 42;
const CASES = isSoak
  ? NODE_VERSIONS.flatMap((version) => ['cpu', 'wall'].map((mode) => [version, mode] as const))
  : ([
      ['18.20.8', 'cpu'],
      ['22.23.3', 'wall'],
      ['26.10.0', 'cpu'],
    ] as const);

interface Recorded {
  readonly covered: number;
  readonly cpu: number;
  readonly burnt: number;
}

test.each(CASES)(
  `${WORKERS} workers churned by Node %s in %s mode keep their ends and their time`,
  async (version, mode) => {
    const seed = Date.now() % 1_000_000;
    const node = await nodeBinary(version);
    const program = [churn, String(WORKERS), String(seed)];
    const flags = ['-r', '1000', '-m', mode, '-o', 'a.sigprof'];
    const ended = await sigprof(['record', ...flags, '--', node, ...program], { cwd: folder.path });
    expect(ended.code, `seed ${seed}: ${ended.stderr}`).toBe(0);
    const told = JSON.parse(ended.stdout);
    // As without us: a worker's exit code tells how it ended, and the ends take turns.
    const each = WORKERS / 7;
    expect(told.ended).toEqual({
      'return 0': each,
      'exit 3': each,
      'terminate 1': each,
      'throw 1': each,
      'nested 0': each,
      'environment 0': each,
      'arguments 0': each,
    });

    const { covered, cpu, burnt } = await readRecording(join(folder.path, 'a.sigprof'));
    // What a worker says it has burnt in a function of that name, it has; more is the overshoot of its
    // clock and the loops that are terminated.
    expect(burnt).toBeGreaterThan(told.burntMs * 1e6 * 0.95);
    if (mode === 'cpu') expect(Math.abs(covered - cpu) / cpu).toBeLessThan(0.02);
  },
);

async function readRecording(path: string): Promise<Recorded> {
  const { Profile } = await library();
  const recorded = Profile.read(readFileSync(path));
  const { coveredNs = 0, cpuNs = 0 } = recorded.counters;
  const burnt = recorded.functions().find(({ name }) => name === 'burnOfWorker');
  return { covered: coveredNs, cpu: cpuNs, burnt: burnt?.totalWeight ?? 0 };
}

test('the time of workers that live too short for a tick is there', async () => {
  const source = `const { Worker } = require('worker_threads');
    let left = 20;
    const next = () => { if (left-- > 0) new Worker('', { eval: true }).on('exit', next); };
    next();`;
  const args = ['-r', '1', '-o', 'a.sigprof', '--', process.execPath, '-e', source];
  expect((await sigprof(['record', ...args], { cwd: folder.path })).code).toBe(0);
  const { covered, cpu } = await readRecording(join(folder.path, 'a.sigprof'));
  // 20 boots of Node take far more than this; at 1 Hz no worker gets a tick of its own.
  expect(cpu).toBeGreaterThan(100e6);
  expect(Math.abs(covered - cpu) / cpu).toBeLessThan(0.02);
});
