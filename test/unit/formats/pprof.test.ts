import { gzipSync } from 'node:zlib';
import { Profile as Pprof, type ProfileInput, StringTable } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { gunzip, gzip } from '../../../src/formats/gzip.ts';
import { decodePprof } from '../../../src/formats/pprof-decoder.ts';
import { FrameFlag, sumSamples } from '../../../src/model/profile-data.ts';
import { Profile } from '../../../src/profile.ts';
import { Random } from '../model/random.ts';
import { fold } from './fold.ts';

/** A profile as Go's tools write it: two values, an inlined function, an address without a name. */
function goProfile(
  change: (file: ProfileInput, id: (text: string) => number) => object = () => ({}),
) {
  const strings = new StringTable();
  const id = (text: string) => strings.dedup(text);
  const file: ProfileInput = {
    sampleType: [
      { type: id('samples'), unit: id('count') },
      { type: id('cpu'), unit: id('microseconds') },
    ],
    mapping: [{ id: 1, filename: id('/bin/app') }],
    function: [
      { id: 1, name: id('main.main'), filename: id('main.go'), startLine: 10 },
      { id: 2, name: id('main.inner'), filename: id('main.go'), startLine: 30 },
    ],
    location: [
      {
        id: 1,
        mappingId: 1,
        line: [
          { functionId: 2, line: 31 },
          { functionId: 1, line: 12 },
        ],
      },
      { id: 2, mappingId: 1, address: 0xdeadn },
    ],
    sample: [
      { locationId: [1], value: [3, 30] },
      { locationId: [2, 1], value: [1, 10] },
    ],
    stringTable: strings,
  };
  const changed = change(file, id);
  return new Pprof({ ...file, ...changed }).encode();
}

describe('decodePprof', () => {
  it('opens locations with several lines, the innermost first, and names addresses', () => {
    const profile = decodePprof(goProfile());
    expect(fold(profile)).toBe(
      'main.main (main.go:10);main.inner (main.go:30) 30\n' +
        'main.main (main.go:10);main.inner (main.go:30);0xdead [app] 10\n',
    );
    expect(fold(profile, { metric: 'samples' })).toMatch(/inner \(main.go:30\) 3\n/);
    expect(Array.from(profile.frames.flags)).toContain(FrameFlag.inlined);
    expect(profile.meta.mode).toBe('cpu');
  });

  it('takes the default value, whichever it is', () => {
    const bytes = goProfile((_, id) => ({ defaultSampleType: id('samples') }));
    expect(sumSamples(decodePprof(bytes).samples).weight).toBe(4);
    expect(decodePprof(bytes).meta.unit).toBe('count');
  });

  it.each([
    ['no sample type', () => ({ sampleType: [], sample: [] }), 'it has no sample type'],
    [
      'other values',
      () => ({ sample: [{ locationId: [1], value: [3] }] }),
      'sample 0 has 1 values, but there are 2 sample types',
    ],
    [
      'a negative value',
      () => ({ sample: [{ locationId: [1], value: [1, -4] }] }),
      'sample 0 weighs -4',
    ],
    [
      'a value above 2^53',
      () => ({ sample: [{ locationId: [1], value: [1, 2n ** 60n] }] }),
      'sample 0 weighs 1152921504606847000',
    ],
    [
      'an unknown location',
      () => ({ sample: [{ locationId: [9], value: [1, 1] }] }),
      'sample 0 is at location 9, which is none',
    ],
    ['an unknown function', () => ({ function: [] }), 'sample 0 is in function 1, which is none'],
    ['an id 0', () => ({ function: [{ id: 0, name: 1 }] }), 'one of its functions has the id 0'],
    [
      'equal ids',
      () => ({ function: [{ id: 1 }, { id: 1 }] }),
      'two of its functions have the id 1',
    ],
    [
      'an unknown string',
      () => ({ function: [{ id: 1, name: 999 }, { id: 2 }] }),
      'it names string 999, but there are',
    ],
  ])('refuses %s, naming the place', (_, change, message) => {
    expect(() => decodePprof(goProfile(change))).toThrow(message);
  });

  it('skips and counts bad samples when lenient', () => {
    const bytes = goProfile(() => ({
      sample: [
        { locationId: [1], value: [1, -4] },
        { locationId: [1], value: [2, 5] },
      ],
    }));
    const profile = decodePprof(bytes, { lenient: true });
    expect(sumSamples(profile.samples)).toEqual({ weight: 5000, samples: 2 });
    expect(profile.warnings).toEqual(['1 samples skipped; the first is sample 0 weighs -4']);
  });

  it('says where a file is cut off, wherever that is', () => {
    const bytes = goProfile();
    let refused = 0;
    for (let length = 1; length < bytes.length; length++) {
      try {
        // What ends between two fields may be whole: then nothing that is read refers to what is missing.
        decodePprof(bytes.subarray(0, length));
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ code: 'ERR_SIGPROF_INVALID_PROFILE' });
        expect((error as Error).message).not.toContain('\n');
      }
    }
    expect(refused).toBeGreaterThan(bytes.length * 0.8);
  });

  it('survives damaged bytes with an error of its own', () => {
    const random = new Random(2);
    const bytes = goProfile();
    for (let round = 0; round < 2000; round++) {
      const damaged = bytes.slice();
      damaged[random.below(damaged.length)] = random.below(256);
      try {
        decodePprof(damaged);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SIGPROF_INVALID_PROFILE' });
      }
    }
  });
});

describe('gzip', () => {
  it('packs pieces so that zlib unpacks them', () => {
    const random = new Random(1);
    const pieces = Array.from({ length: 40 }, () =>
      Uint8Array.from({ length: random.below(100_000) }, () => random.below(20)),
    );
    const packed = Buffer.concat([...gzip(pieces)]);
    expect(Buffer.concat(pieces).equals(gunzip(packed))).toBe(true);
    expect(gunzip(Buffer.concat([...gzip([])])).length).toBe(0);
  });

  it('refuses bombs, cut and damaged data', () => {
    const bomb = gzipSync(Buffer.alloc(4 << 20));
    expect(bomb.length).toBeLessThan(5000);
    expect(() => gunzip(bomb, 1 << 20)).toThrow('its gzip data holds more than 1 MiB');
    expect(() => gunzip(bomb.subarray(0, 100))).toThrow('it is cut off');
    const damaged = Buffer.from(bomb);
    damaged[damaged.length - 6] ^= 1;
    expect(() => gunzip(damaged)).toThrow("its gzip data can't be unpacked");
  });

  it('is undone for every format', () => {
    const profile = Profile.read(gzipSync('a;b 5\n'));
    expect(profile.toCollapsed()).toBe('a;b 5\n');
    const again = Profile.read(gzipSync(profile.toSpeedscope()));
    expect(again.toCollapsed()).toBe('a;b 5\n');
  });
});
