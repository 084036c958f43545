import { Profile } from '../../src/profile.ts';

/** A program with all kinds of frames; 1,000 samples. */
export const shop: string = [
  'main (src/main.ts:1);route (src/route.ts:7);render (src/view.ts:20);Array.prototype.sort [builtin];compare (src/view.ts:90) 250',
  'main (src/main.ts:1);route (src/route.ts:7);render (src/view.ts:20);(garbage collector) 50',
  'main (src/main.ts:1);route (src/route.ts:7);parse (node_modules/acorn/dist/acorn.js:100);readToken (node_modules/acorn/dist/acorn.js:300) 300',
  'main (src/main.ts:1);route (src/route.ts:7);RegExp: ^a+$ 100',
  'main (src/main.ts:1);readFileSync (node:fs:400);uv_fs_read [node] 150',
  'main (src/main.ts:1);readFileSync (node:fs:400);render (src/view.ts:20) 50',
  'main (src/main.ts:1) 100',
].join('\n');

/** The profile of folded stacks. */
export function folded(text: string): Profile {
  return Profile.read(Buffer.from(`${text}\n`), { format: 'collapsed' });
}

/** Folded stacks of so many frames (nodes of the tree), seven levels deep, under few hundred names. */
export function largeStacks(frames: number): string {
  const names = Array.from(
    { length: 400 },
    (_, i) => `step${i} (src/modules/module${i % 37}/file${i % 11}.ts:${i * 3})`,
  );
  const lines: string[] = [];
  let made = 0;
  let seed = 7;
  const below = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const seen = new Set<string>();
  while (made < frames) {
    let path = '';
    for (let depth = 0; depth < 7; depth++) {
      path += `${path && ';'}${names[below(depth < 3 ? 12 : 400)]}`;
      if (!seen.has(path)) made++;
      seen.add(path);
    }
    lines.push(`${path} ${1 + below(40)}`);
  }
  return lines.join('\n');
}
