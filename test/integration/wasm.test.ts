// WebAssembly: which function of which module, in code of both of V8's compilers.
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import { FunctionKind } from '../../src/model/profile-data.ts';
import {
  hasFrame,
  type Recorded,
  recordProgram,
  type Sample,
  unusableShare,
  weightOf,
} from './recorded-program.ts';
import { useFolder } from './sigprof-process.ts';
import { rareShareBound } from './statistics.ts';

const folder = useFolder();

const COMPILERS = { Liftoff: '--no-wasm-tier-up', TurboFan: '--no-liftoff' } as const;

const wasmNames = ({ frames }: Sample) =>
  frames.filter(({ kind }) => kind === FunctionKind.wasm).map(({ text }) => text);

/** The WebAssembly frames below `caller`, in the stacks that make up its time; up to 2 % of it is its own. */
function mainChain(recorded: Recorded, caller: string): string[] {
  const weights = new Map<string, number>();
  const inCaller = recorded.samples.filter(hasFrame(caller));
  for (const sample of inCaller) {
    const chain = wasmNames(sample).join(';');
    weights.set(chain, (weights.get(chain) ?? 0) + sample.weightNs);
  }
  const [chain, weight] = [...weights].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  const weightsInCaller = inCaller.map(({ weightNs }) => weightNs);
  const others = 1 - weight / weightOf(inCaller, () => true);
  expect(others).toBeLessThan(rareShareBound(0.02, weightsInCaller));
  return chain.split(';');
}

const record = (version: string, flag: string, args: readonly string[] = ['250']) =>
  recordProgram('wasm.cjs', {
    folder: folder.path,
    version,
    nodeFlags: [flag],
    args,
    rateHz: 2000,
  });

const place = (name: string, index: number) =>
  expect.stringMatching(
    new RegExp(
      `^${name.replace(/[[\]]/g, '\\$&')} \\(wasm://wasm/(demo-)?\\w+:wasm-function\\[${index}\\]\\)$`,
    ),
  );

describe.each(NODE_VERSIONS)('WebAssembly of Node %s', (version) => {
  const inlines = Number(version.split('.')[0]) >= 24;

  test.each(Object.entries(COMPILERS))(
    'has names and callers in code of %s',
    async (compiler, flag) => {
      const recorded = await record(version, flag);
      const outer = [place('outer', 3), place('middle', 2), place('inner', 1)];
      // V8 13 and later inline these and record no positions in a loop: its time is the outermost function's.
      const isLost = inlines && compiler === 'TurboFan';
      expect(mainChain(recorded, 'callsWasm')).toEqual(isLost ? outer.slice(0, 1) : outer);
      // A call out of inlined code has its position.
      expect(mainChain(recorded, 'callsThrough')).toEqual([
        place('through', 5),
        place('callsOut', 4),
      ]);
      const { frames } = recorded.samples.findLast(hasFrame('fromWasm')) as Sample;
      expect(frames.slice(-4).map(({ name }) => name.split(' ')[0])).toEqual([
        'callsThrough',
        'through',
        'callsOut',
        'fromWasm',
      ]);
      expect(unusableShare(recorded)).toBeLessThan(0.003);
    },
  );

  test('without a name section has its indices', async () => {
    const recorded = await record(version, COMPILERS.Liftoff, ['250', 'stripped']);
    expect(mainChain(recorded, 'callsWasm')).toEqual(
      [3, 2, 1].map((index) => place(`wasm-function[${index}]`, index)),
    );
  });
});
