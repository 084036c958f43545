// Work with a stack of a known depth. Functions too large to be inlined call each other down to a
// leaf, so that each is a frame of its own on the machine's stack as well.
import vm from 'node:vm';

const PADDING = Array.from({ length: 60 }, (_, i) => `if (x === -${i + 1}) x += ${i};`).join(' ');

/**
 * work(units) on stacks `depth` frames deep. With `paths` > 1 there are so many chains of functions,
 * and the work goes on in another every millisecond or so: no two samples share more than the root.
 */
export function makeDeepWork(depth, paths = 1) {
  const chains = Array.from({ length: paths }, (_, path) => makeChain(depth, path));
  let next = 0;
  return (units) => {
    let sum = 0;
    for (let left = units; left > 0; left--) {
      sum += chains[next++ % paths](UNIT);
    }
    return sum;
  };
}

const UNIT = 400_000; // turns of the leaf's loop: about half a millisecond

function makeChain(depth, path) {
  const name = (level) => `path${path}_level${level}`;
  const functions = [`function ${name(0)}(x) { ${PADDING} return spin(x); }`];
  for (let level = 1; level < depth - 2; level++) {
    functions.push(`function ${name(level)}(x) { ${PADDING} return ${name(level - 1)}(x); }`);
  }
  const spin = `function spin(x) { let s = 1;
    for (let i = 0; i < x; i++) s = (Math.imul(s, 1103515245) + 12345) & 0x7fffffff;
    return s; }`;
  return vm.runInThisContext(
    `(() => { ${spin} ${functions.join('\n')} return ${name(Math.max(depth - 3, 0))}; })()`,
    { filename: `deep-${depth}-${path}.js` },
  );
}
