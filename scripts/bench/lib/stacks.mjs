// Profiles of all profilers in one shape: [[root, ..., leaf], weight] with bare function names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../lib/run.mjs';

const library = pathToFileURL(join(root, 'dist/index.js')).href;

/** Reads what programs/profilers.mjs saved. The threads of V8 and libuv are left out. */
export async function readStacks(file, profiler) {
  const stacks =
    profiler === 'sigprof' ? await readOwn(file) : JSON.parse(readFileSync(file, 'utf8'));
  const ofNativeThread = ([names]) => names[0]?.startsWith('(native thread');
  const isIdle = ([names]) => names.at(-1) === '(idle)';
  return stacks.filter((stack) => !ofNativeThread(stack) && !isIdle(stack));
}

async function readOwn(file) {
  const { Profile } = await import(library);
  const lines = Profile.read(file, { format: 'sigprof' }).toCollapsed().trim().split('\n');
  return lines.map((line) => {
    const space = line.lastIndexOf(' ');
    const names = line.slice(0, space).split(';').map(bareName);
    return [names, Number(line.slice(space + 1))];
  });
}

// "name (path:line)" and "name [builtin]" to "name"; "(garbage collector)" stays.
function bareName(frame) {
  return frame.replace(/(?<=.) [([][^()[\]]*[)\]]$/, '');
}

/** Share of the weight for which `isMatch(names)` holds, among that for which `among(names)` does. */
export function shareOf(stacks, isMatch, among = () => true) {
  let [matching, all] = [0, 0];
  for (const [names, weight] of stacks) {
    if (!among(names)) continue;
    all += weight;
    if (isMatch(names)) matching += weight;
  }
  return all === 0 ? 0 : matching / all;
}
