// What a reader of a large HTML picture waits for.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../lib/run.mjs';
import { ensureTool } from '../../lib/system-packages.mjs';
import { summarize } from '../lib/statistics.mjs';

const FRAMES = 100_000;
const SEARCHES = ['step39', 'module1[0-9]', 'file7', 'step1.*ts:3', 'STEP2'];

export const row = {
  name: 'page',
  title: 'A large HTML picture',
  unit: 'ms',
  shows:
    "An HTML picture of 100,000 frames in Debian's Chromium, from the event (a key, a click) until the next picture is about to be painted.",

  async run({ repeats }) {
    await ensureTool('chromium');
    const { Profile } = await import(pathToFileURL(join(root, 'dist/index.js')).href);
    const { chromium } = await import('playwright-core');
    const html = Profile.read(Buffer.from(stacksOf(FRAMES)), { format: 'collapsed' }).toHtml();
    const folder = mkdtempSync(join(tmpdir(), 'sigprof-bench-'));
    const file = join(folder, 'large.html');
    writeFileSync(file, html);
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox'],
    });
    const times = { search: [], zoom: [] };
    try {
      for (let i = 0; i < repeats(5); i++) {
        const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
        await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
        for (const text of SEARCHES) times.search.push(await page.evaluate(search, text));
        for (const place of [0.1, 0.4, 0.7]) times.zoom.push(await page.evaluate(zoom, place));
        await page.close();
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const one = (value) => ({ sigprof: { median: value, low: value, high: value, count: 1 } });
    return {
      columns: ['sigprof'],
      figures: [
        { label: 'search', values: { sigprof: summarize(times.search) }, goal: { below: 100 } },
        { label: 'zoom', values: { sigprof: summarize(times.zoom) }, goal: { below: 100 } },
        { label: 'size, MB', values: one(html.length / 1e6), goal: { below: 2.5 } },
      ],
      notes: [],
    };
  },
};

/** In the page: types a pattern, waits until its matches are told. */
async function search(text) {
  const input = document.querySelector('input[type=search]');
  const status = document.querySelector('.bar [role=status]');
  const before = status.textContent;
  const start = performance.now();
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  while (status.textContent === before) await new Promise((done) => setTimeout(done));
  await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - start;
}

/** In the page: clicks on a frame of the second level, waits until the address tells of it; then zooms out again. */
async function zoom(place) {
  const canvas = document.querySelector('canvas');
  const box = canvas.getBoundingClientRect();
  const at = { clientX: box.left + box.width * place, clientY: box.top + 1.5 * 17, bubbles: true };
  const changed = () => new Promise((done) => addEventListener('hashchange', done, { once: true }));
  const start = performance.now();
  const isZoomed = changed();
  canvas.dispatchEvent(new MouseEvent('click', at));
  await isZoomed;
  await new Promise((done) => requestAnimationFrame(done));
  const time = performance.now() - start;
  const isBack = changed();
  history.back();
  await isBack;
  return time;
}

/** Folded stacks of so many frames (nodes of the tree), seven levels deep, under few hundred names. */
function stacksOf(frames) {
  let seed = 7;
  const below = (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const name = (i) => `step${i} (src/modules/module${i % 37}/file${i % 11}.ts:${i * 3})`;
  const seen = new Set();
  let text = '';
  while (seen.size < frames) {
    let path = '';
    for (let depth = 0; depth < 7; depth++) {
      path += `${path && ';'}${name(below(depth < 3 ? 12 : 400))}`;
      seen.add(path);
    }
    text += `${path} ${1 + below(40)}\n`;
  }
  return text;
}
