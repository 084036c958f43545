import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceMapper } from '../../../src/source-maps/source-mapper.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-maps-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MAP = { version: 3, sources: ['../src/a.ts'], names: [], mappings: 'AAAA;AACA' };

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
function script(comment: string, code = 'work();\n'): string {
  return write('a.js', `${code}${comment}\n`);
}
/** The source of the first line, as the script's map tells it. */
function sourceOf(path: string, mapper = new SourceMapper()): string | undefined {
  const map = mapper.mapOf(path, undefined);
  const place = map?.originalPlace(1, 1);
  return place === undefined ? undefined : map?.pathOf(place.source);
}
const inline = (map: object) =>
  `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;

describe('the map of a script', () => {
  it('lies where the last comment says, relative to the script', () => {
    mkdirSync(join(folder, 'my maps'));
    write('my maps/a.map', JSON.stringify(MAP));
    const path = script('//# sourceMappingURL=my%20maps/a.map');
    expect(sourceOf(path)).toBe(join(folder, 'src/a.ts'));
    expect(sourceOf(pathToFileURL(path).href)).toBe(join(folder, 'src/a.ts'));
    const byCwd = new SourceMapper().mapOf('a.js', folder);
    expect(byCwd?.pathOf(0)).toBe(join(folder, 'src/a.ts'));
  });

  it('may be in the comment itself, however long that is', () => {
    const long = { ...MAP, sourcesContent: ['x'.repeat(1_000_000)] };
    expect(sourceOf(script(`//# sourceMappingURL=${inline(long)}`))).toBe(
      join(folder, '../src/a.ts'),
    );
    const text = encodeURIComponent(JSON.stringify(MAP));
    expect(sourceOf(script(`//# sourceMappingURL=data:application/json,${text}`))).toBe(
      join(folder, '../src/a.ts'),
    );
  });

  it('is found behind code on the same line and in front of other comments', () => {
    write('a.js.map', JSON.stringify(MAP));
    const comment = '//# sourceMappingURL=a.js.map';
    expect(sourceOf(script(`${comment}\n//# debugId=1\n/* end */\n`, 'work();'))).toBeDefined();
  });

  it('is not what code or text says', () => {
    write('a.js.map', JSON.stringify(MAP));
    const comment = '//# sourceMappingURL=a.js.map';
    const mapper = new SourceMapper();
    expect(sourceOf(script(`${comment}\nmore();`), mapper)).toBeUndefined();
    const quoted = write('b.js', `const text = "${comment}";\n`);
    expect(sourceOf(quoted, mapper)).toBeUndefined();
    expect(mapper.notes).toEqual([]);
  });

  it('is asked for of files only', () => {
    const mapper = new SourceMapper();
    for (const name of ['node:fs', '[eval]', '[eval in /a.js]', 'evalmachine.<anonymous>', ''])
      expect(mapper.mapOf(name, undefined)).toBeUndefined();
    expect(mapper.mapOf('https://example.org/a.js', folder)).toBeUndefined();
    expect(mapper.mapOf(folder, undefined)).toBeUndefined();
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(mapper.mapOf(pipe, undefined)).toBeUndefined();
    expect(mapper.notes).toEqual([]);
  });

  it('has sections, each with a place of its own', () => {
    const at = (line: number, column: number, source: string) => ({
      offset: { line, column },
      map: { ...MAP, sources: [source] },
    });
    const sections = [at(0, 0, 'a.ts'), at(0, 100, 'b.ts'), at(9, 0, '../c.ts')];
    write('a.js.map', JSON.stringify({ version: 3, sections }));
    const map = new SourceMapper().mapOf(script('//# sourceMappingURL=a.js.map'), undefined);
    const whereIs = (line: number, column: number) => {
      const place = map?.originalPlace(line, column);
      return place && `${map?.pathOf(place.source)}:${place.line}`;
    };
    expect(whereIs(1, 100)).toBe(`${join(folder, 'a.ts')}:1`);
    expect(whereIs(1, 101)).toBe(`${join(folder, 'b.ts')}:1`);
    expect(whereIs(11, 5)).toBe(`${join(folder, '../c.ts')}:2`);
  });
});

describe('a map that cannot be used', () => {
  it.each([
    ['missing', 'a.js.map', undefined],
    ['missing', '/dev/null', undefined],
    ['broken', 'a.js.map', 'secret'],
    ['broken', 'a.js.map', '[]'],
    ['broken', 'a.js.map', '{"version":3}'],
    ['broken', 'a.js.map', JSON.stringify({ ...MAP, version: 2 })],
    ['broken', 'a.js.map', JSON.stringify({ ...MAP, sources: [{}] })],
    ['broken', 'a.js.map', JSON.stringify({ ...MAP, mappings: ';'.repeat(2 ** 21) })],
    [
      'broken',
      'a.js.map',
      JSON.stringify({ version: 3, sections: [{ offset: { line: 1e15, column: 0 }, map: MAP }] }),
    ],
    ['broken', 'data:application/json,%', undefined],
    ['broken', 'data:nothing', undefined],
    ['not local', 'https://example.org/a.js.map', undefined],
    ['not local', 'file://server/a.js.map', undefined],
  ])('is counted as %s: %s', (kind, url, text) => {
    if (text !== undefined) write('a.js.map', text);
    const mapper = new SourceMapper();
    const path = script(`//# sourceMappingURL=${url}`);
    expect(sourceOf(path, mapper)).toBeUndefined();
    expect(sourceOf(path, mapper)).toBeUndefined();
    expect(mapper.notes).toHaveLength(1);
    expect(mapper.notes[0]).toContain(`1 of 1 source maps could not be used (1 ${kind})`);
    expect(mapper.notes[0]).not.toMatch(/secret|\n/);
  });

  it('may be one among others', () => {
    write('good.map', JSON.stringify(MAP));
    truncateSync(write('large.map', ''), 2 ** 28);
    const mapper = new SourceMapper();
    for (const name of ['good', 'large', 'gone', 'lost']) {
      mapper.mapOf(write(`${name}.js`, `//# sourceMappingURL=${name}.map`), undefined);
    }
    expect(mapper.notes).toEqual([
      '3 of 4 source maps could not be used (2 missing, 1 too large), their scripts show as compiled; ' +
        `the first: ${join(folder, 'large.map')}`,
    ]);
  });

  it('is one whose positions lead nowhere', () => {
    const map = { ...MAP, sources: [null], mappings: 'AAAA,CAgBA' };
    write('a.js.map', JSON.stringify(map));
    const mapped = new SourceMapper().mapOf(script('//# sourceMappingURL=a.js.map'), undefined);
    for (const [line, column] of [
      [1, 1],
      [1, 2],
      [0, 0],
      [7, 1],
    ] as const) {
      expect(mapped?.originalPlace(line, column)).toBeUndefined();
    }
  });
});

it('says which scripts or maps changed after the recording', () => {
  const path = script(`//# sourceMappingURL=a.js.map`);
  const map = write('a.js.map', JSON.stringify(MAP));
  utimesSync(path, 1000, 1000);
  utimesSync(map, 2000, 2000);
  const before = new SourceMapper();
  before.mapOf(path, undefined, 1_500_000);
  expect(before.notes).toEqual([
    '1 of 1 scripts or source maps changed after the recording, their lines and names may be others; ' +
      `the first: ${path}`,
  ]);
  const after = new SourceMapper();
  after.mapOf(path, undefined, 2_500_000);
  expect(after.notes).toEqual([]);
});
