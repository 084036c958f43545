// Finds and loads the addon; the only place that does. CommonJS, because the preload must load it
// synchronously before the program starts, on Node 18 too, where ESM cannot be required.
import type { Addon } from './addon.ts' with { 'resolution-mode': 'import' };
import type { AddonLoader, LoadProblem, LoadResult } from './loader-types.ts' with {
  'resolution-mode': 'import',
};

const path: typeof import('node:path') = require('node:path');

const packageRoot = path.join(__dirname, '..', '..');
let loaded: LoadResult | undefined;

function loadAddon(): LoadResult {
  loaded ??= tryLoad();
  return loaded;
}

function tryLoad(): LoadResult {
  if (process.platform !== 'linux') {
    const message = `sampling works on Linux only, this is ${process.platform}`;
    return { problem: { code: 'ERR_SIGPROF_UNSUPPORTED', message, cause: undefined } };
  }
  try {
    const load = require('node-gyp-build') as (root: string) => Addon;
    return { addon: load(packageRoot) };
  } catch (error) {
    return { problem: explain(error) };
  }
}

function explain(error: unknown): LoadProblem {
  const { code, message } = error as NodeJS.ErrnoException;
  const text = String(message ?? error).split('\n')[0] ?? '';
  if (code === 'ERR_SIGPROF_SECOND_COPY') return { code, message: text, cause: error };
  return {
    code: 'ERR_SIGPROF_ADDON_MISSING',
    message: `the addon cannot be loaded on ${platformName()}: ${reasonAndRemedy(code, text)}`,
    cause: error,
  };
}

function reasonAndRemedy(code: string | undefined, text: string): string {
  const rebuild = 'run `npm rebuild sigprof --build-from-source` (needs a C++20 compiler)';
  if (code === 'ERR_DLOPEN_DISABLED') {
    return 'this Node is not allowed to load addons; start it without --no-addons or with --allow-addons';
  }
  if (text.startsWith('No native build was found')) {
    return `the package holds no binary for it; ${rebuild}`;
  }
  if (/GLIBC(XX)?_[\d.]+' not found/.test(text)) {
    return `the binary needs a newer C library (${text}); ${rebuild}`;
  }
  if (/ld-(linux|musl)|libc\.(so|musl)|invalid ELF header|wrong ELF class/.test(text)) {
    return `the binary was built for another platform or C library (${text}); ${rebuild}`;
  }
  return `${text}; reinstall the package or ${rebuild}`;
}

function platformName(): string {
  return `${process.platform}-${process.arch} (${libcName()}, Node ${process.version})`;
}

function libcName(): string {
  try {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    const version = report.header?.glibcVersionRuntime;
    return version === undefined ? 'not glibc, likely musl' : `glibc ${version}`;
  } catch {
    return 'unknown C library';
  }
}

const loader: AddonLoader = { loadAddon };
module.exports = loader;
