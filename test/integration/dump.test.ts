import { copyFileSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import type { DumpFrame, ProcessDump, ThreadDump } from '../../src/session/dump.ts';
import { sigprof, TestProcess, useFolder } from './sigprof-process.ts';

const PARKED = fileURLToPath(new URL('../fixtures/programs/parked.cjs', import.meta.url));

/** How each tier is forced, and since which version of Node that is possible. */
const TIERS = {
  interpreter: { flags: ['--no-opt', '--no-sparkplug'], since: 18 },
  baseline: { flags: ['--no-opt', '--always-sparkplug'], since: 18 },
  maglev: { flags: ['--allow-natives-syntax', '--maglev'], since: 24 },
  turbofan: { flags: ['--allow-natives-syntax'], since: 18 },
} as const;

const folder = useFolder();

async function dump(pid: number | undefined, ...args: string[]): Promise<ProcessDump> {
  const { stdout, stderr } = await sigprof(['dump', '-p', String(pid), '-j', ...args]);
  expect(stderr).toBe('');
  const [first] = JSON.parse(stdout) as [ProcessDump];
  return first;
}

function mainThread({ threads }: ProcessDump): ThreadDump {
  const main = threads.find(({ kind }) => kind === 'main');
  if (main === undefined) throw new Error('no main thread');
  return main;
}

const javascript = (frames: readonly DumpFrame[]) =>
  frames.filter(({ kind }) => kind === 'javascript');

/** "file:line" of each JavaScript frame, as dump saw it. */
function placesOf(frames: readonly DumpFrame[]): string[] {
  return javascript(frames).map(({ file, line }) => `${file}:${line}`);
}

/** The same, as V8 itself tells it in an error's stack. */
function placesInStack(stack: string): string[] {
  const lines = stack.split('\n').filter((line) => line.startsWith('    at '));
  return lines.flatMap((line) => {
    const place = /\(?([^\s(]+:\d+):\d+\)?$/.exec(line)?.[1];
    return place === undefined ? [] : [place];
  });
}

/** A target parked at known lines, with the stack it printed. */
async function park(version: string, tier: keyof typeof TIERS, how: 'asleep' | 'running') {
  const target = new TestProcess(await nodeBinary(version), [
    ...TIERS[tier].flags,
    PARKED,
    tier,
    how,
  ]);
  const [, text = ''] = await target.said(/^(".*")$/m);
  return { target, places: placesInStack(JSON.parse(text) as string) };
}

describe.each(NODE_VERSIONS)('sigprof dump of Node %s', (version) => {
  const major = Number(version.split('.')[0]);
  const tiers = (Object.keys(TIERS) as (keyof typeof TIERS)[]).filter(
    (tier) => TIERS[tier].since <= major,
  );

  test.each(tiers)('shows the stack the program itself tells: %s', async (tier) => {
    const { target, places } = await park(version, tier, 'asleep');
    const found = await dump(target.child.pid);
    const main = mainThread(found);
    target.child.kill('SIGKILL');
    expect(places.length).toBeGreaterThan(10);
    expect(placesOf(main.frames)).toEqual(places);
    expect(main).toMatchObject({ state: 'lock', complete: true });
    expect(found).toMatchObject({ nodeVersion: `v${version}`, stripped: false });
    expect(javascript(main.frames).some((frame) => frame.tier === tier)).toBe(true);
    if (tier === 'turbofan') {
      const inlined = main.frames.filter((frame) => frame.inlined).map(({ name }) => name);
      expect(inlined).toEqual(['innermost', 'inner', 'middle']);
    }
  });

  test('stops a thread that runs, and lets it run on', async () => {
    const { target, places } = await park(version, 'interpreter', 'running');
    const main = mainThread(await dump(target.child.pid));
    expect(placesOf(main.frames)).toEqual(places);
    expect(main).toMatchObject({ state: 'running', complete: true });
    expect(target.child.exitCode).toBe(null);
    target.child.kill('SIGKILL');
  });

  test('reads a stripped binary, whose builtins have no symbols', async () => {
    const binary = join(folder.path, 'node');
    copyFileSync(await nodeBinary(version), binary);
    const strip = await new TestProcess('strip', [binary]).ended;
    expect(strip.stderr).toBe('');
    const target = new TestProcess(binary, [PARKED, 'interpreter', 'asleep']);
    const [, text = ''] = await target.said(/^(".*")$/m);
    const found = await dump(target.child.pid);
    target.child.kill('SIGKILL');
    expect(found.stripped).toBe(true);
    expect(placesOf(mainThread(found).frames)).toEqual(placesInStack(JSON.parse(text) as string));
  });
});

describe('sigprof dump finds the binary', () => {
  const version = '24.21.0';
  const placesOfMain = async (pid: number | undefined) =>
    placesOf(mainThread(await dump(pid)).frames);

  test('that was deleted, or replaced by an upgrade', async () => {
    const binary = join(folder.path, 'node');
    copyFileSync(await nodeBinary(version), binary);
    const target = new TestProcess(binary, [PARKED, 'interpreter', 'asleep']);
    const [, text = ''] = await target.said(/^(".*")$/m);
    rmSync(binary);
    copyFileSync(await nodeBinary('22.23.3'), binary);
    const places = await placesOfMain(target.child.pid);
    target.child.kill('SIGKILL');
    expect(places).toEqual(placesInStack(JSON.parse(text) as string));
  });

  test('in another mount namespace, of a process with another id in its own', async () => {
    const original = realpathSync(await nodeBinary(version));
    // Of a user namespace too, so that no right is needed.
    const flags = ['--user', '--map-root-user', '--pid', '--fork', '--mount', '--mount-proc'];
    const inside = `mount -t tmpfs none "$1" && cp "$2" "$1/node" &&
      exec "$1/node" "$3" interpreter asleep`;
    const words = ['sh', '-c', inside, 'sh', folder.path, original, PARKED];
    const outer = new TestProcess('unshare', [...flags, ...words]);
    const [, text = ''] = await outer.said(/^(".*")$/m);
    expect(readdirSync(folder.path)).toEqual([]);
    const { pid } = outer.child;
    const inner = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    const places = await placesOfMain(inner);
    process.kill(inner, 'SIGKILL');
    await outer.ended;
    expect(places).toEqual(placesInStack(JSON.parse(text) as string));
  });
});
