import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const scripts = new Map<string, string>();

/**
 * A script for the browser, as `scripts/build-ts.mjs` bundles it from `page/`. It is constant text: nothing of a profile gets
 * into it.
 */
export function pageScript(name: 'svg' | 'html'): string {
  let text = scripts.get(name);
  if (text === undefined) {
    // The same place seen from src/ (tests) and from dist/.
    const url = new URL(`../../dist/flamegraph/page/${name}.js`, import.meta.url);
    text = readFileSync(fileURLToPath(url), 'utf8').trim();
    scripts.set(name, text);
  }
  return text;
}
