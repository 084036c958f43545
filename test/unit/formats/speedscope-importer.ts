// speedscope's own importer, taken out of the bundle that its npm package ships: everything but the user interface runs in
// a context with stand-ins for what a page has.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';

/** A frame as speedscope shows it. */
export interface SpeedscopeFrame {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  getSelfWeight(): number;
  getTotalWeight(): number;
}

/** One profile of a group. */
export interface SpeedscopeProfile {
  getName(): string;
  getTotalWeight(): number;
  getTotalNonIdleWeight(): number;
  getWeightUnit(): string;
  forEachFrame(visit: (frame: SpeedscopeFrame) => void): void;
  forEachCall(
    open: (node: { readonly frame: SpeedscopeFrame }, value: number) => void,
    close: (node: { readonly frame: SpeedscopeFrame }, value: number) => void,
  ): void;
}

type Import = (
  name: string,
  base64: string,
) => Promise<{ readonly name: string; readonly profiles: readonly SpeedscopeProfile[] } | null>;

const folder = join(
  dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
  'dist/release',
);

/** The schema that the package publishes for its files. */
export function readSpeedscopeSchema(): object {
  return JSON.parse(readFileSync(join(folder, 'file-format-schema.json'), 'utf8'));
}

/** What speedscope makes of a file, as when it is dropped on its page. */
export async function importIntoSpeedscope(
  name: string,
  bytes: Uint8Array,
): Promise<readonly SpeedscopeProfile[]> {
  importer ??= loadImporter();
  const group = await importer(name, Buffer.from(bytes).toString('base64'));
  if (group === null) throw new Error(`speedscope does not recognise ${name}`);
  return group.profiles;
}

/** Own weights by name of frame, and their sum. */
export function selfWeights(profile: SpeedscopeProfile): Map<string, number> {
  const weights = new Map<string, number>();
  profile.forEachFrame((frame) => {
    weights.set(frame.name, (weights.get(frame.name) ?? 0) + frame.getSelfWeight());
  });
  return weights;
}

let importer: Import | undefined;

function loadImporter(): Import {
  const bundle = readdirSync(folder).find((name) => /^speedscope-.*\.js$/.test(name));
  const source = readFileSync(join(folder, bundle as string), 'utf8');
  const load =
    /loadFileFromBase64:\((\w+),(\w+)\)=>\{this\.loadProfile\(\(\)=>(\w+)\(\1,\2\)\)\}/.exec(
      source,
    );
  // What follows draws the page.
  const end = source.lastIndexOf('console.log(`speedscope v');
  if (load === null || end < 0) throw new Error("speedscope's bundle has changed; adapt this file");
  const context = pageContext();
  vm.runInContext(`${source.slice(0, end)};globalThis.load=${load[3]};})();`, context);
  return (context as { load: Import }).load;
}

function pageContext(): vm.Context {
  const nothing = () => undefined;
  const anything: unknown = new Proxy(() => undefined, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : anything),
    apply: () => anything,
    construct: () => anything as object,
  });
  const globals: Record<string, unknown> = {
    console: { log: nothing, warn: nothing, error: nothing },
    ...{ atob, btoa, TextDecoder, TextEncoder, Uint8Array, ArrayBuffer, URL, Blob, performance },
    ...{ setTimeout, clearTimeout, addEventListener: nothing, document: anything },
    navigator: { userAgent: '', platform: '' },
    location: { hash: '', protocol: 'file:', href: 'file:///' },
    localStorage: { getItem: () => null, setItem: nothing },
    matchMedia: () => ({ matches: false, addListener: nothing, addEventListener: nothing }),
  };
  globals['window'] = globals;
  globals['self'] = globals;
  return vm.createContext(globals);
}
