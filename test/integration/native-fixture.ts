// Compiles the C fixtures of test/fixtures/native: addons, libraries to preload, programs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { findNodeDir } from '../../scripts/lib/node-headers.mjs';

const sources = fileURLToPath(new URL('../fixtures/native/', import.meta.url));
const flags = ['-O1', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
const kinds = {
  addon: { extension: '.node', flags: ['-shared', '-fPIC', '-DNAPI_VERSION=8'] },
  library: { extension: '.so', flags: ['-shared', '-fPIC'] },
  /** Without unwind data, as some hand-written assembly is. */
  'bare library': {
    extension: '.so',
    flags: ['-shared', '-fPIC', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'],
  },
  program: { extension: '', flags: [] },
} as const;

/** Path of the compiled fixture, set before the first test of the file runs. */
export function useNative(name: string, kind: keyof typeof kinds): { readonly path: string } {
  const built = { path: '' };
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigprof-native-'));
    const { extension, flags: own } = kinds[kind];
    const output = join(folder, `${name}${extension}`);
    const headers = join(await findNodeDir(), 'include/node');
    const source = join(sources, `${name}.c`);
    execFileSync('gcc', [...flags, ...own, `-I${headers}`, source, '-o', output, '-ldl']);
    built.path = output;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return built;
}
