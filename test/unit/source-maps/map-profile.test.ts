import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameNamer } from '../../../src/model/frame-names.ts';
import { mergeProfiles } from '../../../src/model/merge.ts';
import type { ProfileData } from '../../../src/model/profile-data.ts';
import { Profile } from '../../../src/profile.ts';
import { mapProfile } from '../../../src/source-maps/map-profile.ts';
import { SourceMapper } from '../../../src/source-maps/source-mapper.ts';
import { type FrameInShort, makeProfile } from '../model/make-profile.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-maps-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);

/** How frames of `out.js` read with its source map, with their executing lines. */
function labels(frames: readonly FrameInShort[], lines = true): string[] {
  return words(mapProfile(recorded(frames), new SourceMapper()), lines);
}
const recorded = (frames: readonly FrameInShort[]) =>
  makeProfile([{ frames: frames.map((frame) => inScript(frame)) }], { cwd: folder });
function words(profile: ProfileData, lines = true): string[] {
  const namer = new FrameNamer(profile, { lines });
  return Array.from({ length: profile.frames.length }, (_, frame) => namer.frameLabel(frame).text);
}
function inScript(frame: FrameInShort): FrameInShort {
  return typeof frame === 'string' || frame.script !== undefined
    ? frame
    : { ...frame, script: file('out.js') };
}

// Line 1 of the script has no source. 2 and 3 are lines 10 and 20 of a.ts; 4 is line 5 of b.ts.
const TWO_SOURCES = {
  version: 3,
  sources: ['a.ts', 'b.ts'],
  sourcesContent: ['text of a', null],
  names: [],
  mappings: ';AASA,IAAI;AAUA;ACfA',
};
function writeScript(map: object): void {
  writeFileSync(file('out.js'), 'one\ntwo\nthree\nfour\n//# sourceMappingURL=out.js.map');
  writeFileSync(file('out.js.map'), JSON.stringify(map));
}

describe('a frame of a script with a source map', () => {
  it('has the lines of the source', () => {
    writeScript(TWO_SOURCES);
    const frame = { name: 'f', line: 2, column: 3, executing: 3, executingColumn: 9 };
    expect(labels([frame])).toEqual(['f (a.ts:20)']);
    expect(labels([frame], false)).toEqual(['f (a.ts:10)']);
    expect(labels([{ ...frame, column: 0, executingColumn: 0 }])).toEqual(['f (a.ts:20)']);
  });

  it('has the line of its definition when it executes what comes from elsewhere', () => {
    writeScript(TWO_SOURCES);
    const frame = { name: 'f', line: 2, column: 3, executingColumn: 1 };
    expect(labels([{ ...frame, executing: 4 }])).toEqual(['f (a.ts:10)']);
    expect(labels([{ ...frame, executing: 1 }])).toEqual(['f (a.ts:10)']);
  });

  it("is a source's own when it is the code of the script, and else stays", () => {
    writeScript(TWO_SOURCES);
    const frame = { name: '', line: 1, column: 1, executingColumn: 1 };
    const frames = [1, 2, 3, 4].map((executing) => ({ ...frame, executing }));
    expect(labels(frames)).toEqual([
      '(anonymous) (out.js:1)',
      '(anonymous) (a.ts:10)',
      '(anonymous) (a.ts:20)',
      '(anonymous) (b.ts:5)',
    ]);
    expect(labels(frames, false)).toEqual([
      '(anonymous) (out.js:1)',
      '(anonymous) (a.ts:1)',
      '(anonymous) (a.ts:1)',
      '(anonymous) (b.ts:1)',
    ]);
  });

  it('is that of the only source when it is the code of the script', () => {
    writeScript({ ...TWO_SOURCES, sources: ['a.ts'], mappings: ';AASA' });
    const frame = { name: '', line: 1, column: 1, executing: 1, executingColumn: 1 };
    expect(labels([frame])).toEqual(['(anonymous) (a.ts:1)']);
  });
});

describe('a profile', () => {
  it('is the same when no script has a map', () => {
    const profile = recorded([{ name: 'f', script: '/nowhere.js', line: 1 }, { name: 'g' }]);
    expect(mapProfile(profile, new SourceMapper())).toBe(profile);
  });

  it('is mapped once, whatever it goes through', () => {
    // The source is called as the script is: mapped again it would be wrong.
    writeScript({ ...TWO_SOURCES, sources: ['out.js'], mappings: ';AACA;AACA' });
    const once = new Profile(recorded([{ name: 'f', line: 3, column: 1 }]), { sourceMaps: true });
    const text = 'f (out.js:3) 1\n';
    const bytes = Buffer.concat([...once.encode('sigprof')].map((piece) => Buffer.from(piece)));
    const again = Profile.read(bytes);
    expect(once.toCollapsed()).toBe(text);
    expect(again.toCollapsed()).toBe(text);
    const other = new Profile(makeProfile([{ frames: ['x'] }], { cwd: folder }));
    const merged = [...other.merge(again).encode('sigprof')].map((piece) => Buffer.from(piece));
    expect(Profile.read(Buffer.concat(merged)).toCollapsed()).toContain(text);
  });

  it('reads no map before something is asked that needs one, and none when told not to', () => {
    const data = recorded([{ name: 'f', line: 2, column: 1 }]);
    const profile = new Profile(data, { sourceMaps: true });
    expect(profile.totals.samples).toBe(1);
    expect(profile.meta.sourceMaps).toBeUndefined();
    writeScript(TWO_SOURCES);
    expect(profile.toCollapsed()).toBe('f (a.ts:10) 1\n');
    expect(profile.meta.sourceMaps).toBe(true);
    expect(new Profile(data).toCollapsed()).toBe('f (out.js:2) 1\n');
    const bytes = Buffer.concat(
      [...new Profile(data).encode('sigprof')].map((p) => Buffer.from(p)),
    );
    expect(Profile.read(bytes).toCollapsed()).toBe('f (a.ts:10) 1\n');
    expect(Profile.read(bytes, { sourceMaps: false }).toCollapsed()).toBe('f (out.js:2) 1\n');
  });

  it('knows the texts that maps carry, also after a merge', () => {
    writeScript(TWO_SOURCES);
    const profile = mapProfile(recorded([{ name: 'f', line: 2, column: 1 }]), new SourceMapper());
    const merged = new Profile(mergeProfiles([profile, makeProfile([{ frames: ['x'] }])]));
    expect(merged.sourceText(file('a.ts'))).toBe('text of a');
    expect(merged.sourceText(file('b.ts'))).toBeUndefined();
  });

  it('tells in one line what maps could not be used', () => {
    writeScript(TWO_SOURCES);
    rmSync(file('out.js.map'));
    const profile = new Profile(recorded([{ name: 'f', line: 2 }]), { sourceMaps: true });
    expect(profile.warnings).toEqual([expect.stringContaining('1 of 1 source maps')]);
    expect(profile.toCollapsed()).toBe('f (out.js:2) 1\n');
  });
});

const MINIFIED = `export function computeTotals(rows) { return rows.map((row) => row + 1); }
export const burnTime = async function (amount) { return computeTotals([amount]); };
const helperTask = async (value) => burnTime(value);
class Accumulator {
  constructor(start) { this.sum = start; }
  addValue(value) { this.sum += value; return this; }
  get currentSum() { return helperTask(this.sum); }
  static create(value) { return new Accumulator(value); }
}
const registry = {};
registry.lookUp = function (key) { return Accumulator.create(key).addValue(key).currentSum; };
console.log(registry.lookUp(3), helperTask(1));
`;

describe('a minified name', () => {
  it('reads as in the source, as far as the map tells', async () => {
    writeFileSync(file('in.js'), MINIFIED);
    const bundle = await rolldown({ input: file('in.js'), treeshake: false });
    await bundle.write({ file: file('out.js'), sourcemap: true, minify: true });
    const code = readFileSync(file('out.js'), 'utf8').split('\n')[0] as string;
    const short = (pattern: RegExp) => pattern.exec(code)?.[1] as string;
    const [totals, burn, task, owner, holder] = [
      short(/function (\w+)\(\w+\)\{return \w+\.map/),
      short(/(\w+)=async function/),
      short(/(\w+)=async \w+=>/),
      short(/(\w+)=class|class (\w+)\{/),
      short(/(\w+)\.lookUp=function/),
    ];
    const at = (name: string | undefined, before: string) => {
      const column = code.indexOf(before) + before.length + 1;
      expect(column).toBeGreaterThan(before.length);
      return { name: name ?? '', line: 1, column };
    };
    const frames = [
      at(totals, `function ${totals}`),
      at(burn, `${burn}=async function`),
      at(task, `${task}=async `),
      at(owner, 'constructor'),
      at(`${owner}.addValue`, 'addValue'),
      at(`${owner}.create`, 'create'),
      at(`${holder}.lookUp`, 'lookUp=function'),
      at('', '.map('),
      at('notThere', '.map('),
    ];
    expect(labels(frames)).toEqual([
      'computeTotals (in.js:1)',
      'burnTime (in.js:2)',
      'helperTask (in.js:3)',
      'Accumulator (in.js:5)',
      'Accumulator.addValue (in.js:6)',
      'Accumulator.create (in.js:8)',
      `${holder}.lookUp (in.js:11)`,
      '(anonymous) (in.js:1)',
      'notThere (in.js:1)',
    ]);
  });

  it('may be that of the object a function is put into', () => {
    const map = { ...TWO_SOURCES, names: ['registry', 'lookUp'], mappings: 'AAAAA,EAAEC' };
    writeFileSync(file('out.js'), 'i.a=function(e){}\n//# sourceMappingURL=out.js.map');
    writeFileSync(file('out.js.map'), JSON.stringify(map));
    const column = 'i.a=function('.length;
    expect(labels([{ name: 'i.a', line: 1, column }])).toEqual(['registry.lookUp (a.ts:1)']);
  });
});
