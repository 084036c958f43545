// Has every kind of function its name, its place and its callers?
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ENDED_NODE_VERSIONS, NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import { program, type Recorded, recordProgram, unusableShare } from './recorded-program.ts';
import { useSharedFolder } from './sigprof-process.ts';

const folder = useSharedFolder();

/** Names and lines of the functions that a program marks by `// = NAME`. */
function markedFunctions(file: string): string[] {
  return readFileSync(program(file), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const name = /\/\/ = (.+)$/.exec(line)?.[1];
      return name === undefined ? [] : [`${name} (${program(file)}:${index + 1})`];
    });
}

const texts = (recorded: Recorded) =>
  new Set(recorded.samples.flatMap(({ frames }) => frames.map(({ text }) => text)));

/** The frames from the first that begins with `from` to that which begins with `to`, of any one stack with both. */
function between(recorded: Recorded, from: string, to: string): string[] | undefined {
  for (const { frames } of recorded.samples) {
    const names = frames.map(({ text }) => text);
    const start = names.findIndex((text) => text.startsWith(from));
    const end = names.findLastIndex((text) => text.startsWith(to));
    if (start >= 0 && end > start) return names.slice(start + 1, end);
  }
  return undefined;
}

describe.each([...NODE_VERSIONS, ...ENDED_NODE_VERSIONS])('functions of Node %s', (version) => {
  let names: Recorded;
  let modules: Recorded;
  beforeAll(async () => {
    const options = { folder: folder.path, version, rateHz: 2000 };
    names = await recordProgram('names.cjs', options);
    modules = await recordProgram('modules.mjs', options);
  });

  test('are named with the lines of their definitions, however they are made', () => {
    const marked = markedFunctions('names.cjs');
    expect(marked.length).toBeGreaterThan(40);
    const seen = texts(names);
    expect(marked.filter((text) => !seen.has(text))).toEqual([]);
    expect(unusableShare(names)).toBeLessThan(0.003);
  });

  test('made from text say where that came from', () => {
    const seen = texts(names);
    const evals = `[eval in ${program('names.cjs')}]`;
    for (const text of [
      'inVm (in-vm.js:13)',
      'inContext (in-context.js:1)',
      'withUrl (named-by-url.js:1)',
      `evaluated (${evals}:1)`,
      `(anonymous) (${evals}:1)`,
    ]) {
      expect(seen).toContain(text);
    }
  });

  test('that run the initializers of a class are called as in stack traces', () => {
    expect(between(names, 'callAll', 'spin')).toBeDefined();
    const seen = [...texts(names)].map((text) => text.split(' ')[0]);
    expect(seen).toContain('<instance_members_initializer>');
    expect(seen).toContain('<static_initializer>');
  });

  test.each([
    ['byOrder', 'Array.prototype.sort [builtin]'],
    ['revive', 'JSON.parse [builtin]'],
    ['replacing', 'String.prototype.replace [builtin]'],
  ])('called back by a builtin stand on it: %s on %s', (callback, builtin) => {
    expect(between(names, 'callAll', callback)).toEqual([builtin]);
  });

  test.each([
    ['proxied', 'callAll'],
    ['reflected', 'callAll'],
    ['target', 'callAll'],
    ['throwing', 'callAll'],
  ])('stand on their callers: %s', (callee, caller) => {
    expect(between(names, caller, callee)?.filter((text) => !text.startsWith('catching'))).toEqual(
      [],
    );
  });

  test.each(['onTimer', 'onImmediate', 'onTick', 'onMicrotask', 'onResolved', 'asynchronous'])(
    'called by the event loop stand on it alone: %s',
    (name) => {
      const stacks = names.samples.filter(({ frames }) =>
        frames.some((frame) => frame.name === name),
      );
      expect(stacks.length).toBeGreaterThan(0);
      const roots = stacks.map(({ frames }) => frames[0]?.name ?? '');
      // The first call of an async function runs in its caller.
      const fromLoop = roots.filter(
        (root) => root.startsWith('process') || root.startsWith('runMicrotasks'),
      );
      expect(fromLoop.length).toBeGreaterThan(0);
      if (name !== 'asynchronous') expect(fromLoop).toHaveLength(roots.length);
    },
  );

  test('of ES modules have the path of the module', () => {
    const seen = texts(modules);
    const path = program('modules.mjs');
    for (const text of [`exported (${path}:9)`, `method (${path}:13)`, `afterAwait (${path}:33)`]) {
      expect(seen).toContain(text);
    }
  });

  test('in regular expressions stand on the function that matches', () => {
    expect(between(modules, 'matches', '(regexp)')).toBeDefined();
  });

  test('deeper than the cap are cut between the leaf-most 1024 and the root-most 64', () => {
    const deep = modules.samples.filter(({ frames }) =>
      frames.some(({ name }) => name === 'bottom'),
    );
    expect(deep.length).toBeGreaterThan(0);
    for (const { frames } of deep) {
      const cut = frames.findIndex(({ text }) => text === '[truncated]');
      // The cap counts physical frames: typed ones show nothing, optimised ones several functions.
      expect(cut).toBeGreaterThan(10);
      expect(frames.length - cut).toBeGreaterThan(1000);
      const beyond = frames.slice(cut + 1).filter(({ name }) => name !== 'recurse');
      // A tick may come just before `bottom` calls `spin`.
      expect(['bottom', 'bottom,spin']).toContain(beyond.map(({ name }) => name).join());
    }
  });
});
