// CPU time of threads without JavaScript: it is in the profile, and all adds up to the process's own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { useNative } from './native-fixture.ts';
import { library, sigprof, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const attack = useNative('attack', 'addon');

// What the program burns in JavaScript and on threads, in ms of CPU time.
const THREADS = 40;
const EACH_MS = 5;

test.each(NODE_VERSIONS)(
  'libuv’s pool, V8’s helpers and short threads are there, and all adds up: Node %s',
  async (version) => {
    const source = `
    const attack = require(${JSON.stringify(attack.path)});
    attack.burnHere(100);
    attack.burnThreads(${THREADS}, ${EACH_MS});
    const kept = [];
    for (let i = 0; i < 300000; i++) kept.push({ i, text: 'item ' + i });
    const { pbkdf2 } = require('crypto');
    let left = 4;
    for (let i = 0; i < 4; i++) pbkdf2('a', 'b', 50000, 64, 'sha1', () => {
      if (--left > 0) return;
      const { user, system } = process.cpuUsage();
      console.log(user + system);
    });`;
    const args = ['-r', '1000', '-o', 'a.sigprof', '--', await nodeBinary(version), '-e', source];
    const ended = await sigprof(['record', ...args], { cwd: folder.path });
    expect(ended.code).toBe(0);
    const { Profile } = await library();
    const profile = Profile.read(readFileSync(join(folder.path, 'a.sigprof')));
    const {
      coveredNs = 0,
      cpuNs = 0,
      helperCpuNs = 0,
    } = profile.counters as Record<string, number>;
    const native = profile
      .functions()
      .filter(({ name }) => name.startsWith('(native thread: '))
      .reduce((sum, { selfWeight }) => sum + selfWeight, 0);
    // The threads' time and the pool's, which each burns tens of ms: within a tenth for what the clocks of
    // threads are read late or lost in rounding.
    expect(native).toBeGreaterThan(THREADS * EACH_MS * 1e6 * 0.9);
    // Samples weigh what the threads used; the process's clock says the same within a hundredth.
    expect(Math.abs(profile.totals.weight - coveredNs) / coveredNs).toBeLessThan(0.001);
    expect(Math.abs(coveredNs - cpuNs) / cpuNs).toBeLessThan(0.01);
    // And so does Node: but for what happens before the preload (some 20 to 60 ms of boot) and our own
    // threads, which are in its figure and not in ours.
    const nodeNs = Number(ended.stdout) * 1000;
    expect(coveredNs).toBeGreaterThan(nodeNs - helperCpuNs - 120e6);
    expect(coveredNs).toBeLessThan(nodeNs + 120e6);
  },
);
