import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Profile } from '../../src/profile.ts';
import { makeProfile } from '../unit/model/make-profile.ts';
import { hostileNames } from '../unit/model/random.ts';
import { expectAccessible, PictureBrowser } from './chromium.ts';
import { folded, shop } from './profiles.ts';

let browser: PictureBrowser;

beforeAll(async () => {
  browser = await PictureBrowser.launch();
});
afterAll(async () => {
  await browser.close();
});

const svg = folded(shop).toFlameGraph({ title: 'shop' });
const frame = (page: Page, name: string) => page.getByRole('treeitem', { name }).first();
const shown = (page: Page) => page.getByRole('treeitem').count();
const details = (page: Page) => page.locator('#details-text');
const matches = (page: Page) => page.getByRole('status');

/** Of a frame's box, in pixels. */
const widthOf = async (page: Page, name: string) =>
  Number(await frame(page, name).locator('rect').getAttribute('width'));

describe('An SVG picture', () => {
  it('zooms by a click; Back and Escape show everything again', async () => {
    const page = await browser.open('zoom.svg', svg);
    expect(await shown(page)).toBe(13);
    expect(await widthOf(page, 'route')).toBeCloseTo(1180 * 0.7, 0);
    await frame(page, 'route').click();
    await expect.poll(() => widthOf(page, 'route')).toBe(1180);
    // all, main and route above; below them parse, readToken, RegExp, render, GC, sort, compare.
    expect(await shown(page)).toBe(10);
    await page.goBack();
    await expect.poll(() => shown(page)).toBe(13);
    await page.goForward();
    await expect.poll(() => shown(page)).toBe(10);
    await page.keyboard.press('Escape');
    await expect.poll(() => shown(page)).toBe(13);
  });

  it('shows the same frame at another width when its address is opened', async () => {
    const first = await browser.open('address.svg', svg);
    await frame(first, 'route').click();
    await expect.poll(() => first.url()).toContain('z=');
    const { hash } = new URL(first.url());
    const viewport = { width: 700, height: 500 };
    const second = await browser.open('address.svg', svg, { hash, viewport });
    await expect.poll(() => widthOf(second, 'route')).toBe(680);
  });

  it('fits title, legend and notes into a narrow window, and uses a wide one again', async () => {
    const long = folded(shop).toFlameGraph({
      title: 'a long title '.repeat(9),
      notes: 'note '.repeat(99),
    });
    const page = await browser.open('narrow.svg', long, { viewport: { width: 340, height: 500 } });
    const texts = page.locator('text.head,text.note');
    const widest = () =>
      texts.evaluateAll((all) => Math.max(...all.map((one) => one.getBoundingClientRect().right)));
    const framesY = async () => Number(await page.locator('#frames').getAttribute('y'));
    await expect.poll(widest).toBeLessThanOrEqual(340);
    const lowerY = await framesY();
    await page.setViewportSize({ width: 1200, height: 500 });
    await expect.poll(framesY).toBeLessThan(lowerY);
    expect(await widest()).toBeGreaterThan(900);
  });

  it('counts what a search covers once, and says what is wrong with a pattern', async () => {
    const page = await browser.open('search.svg', svg);
    await page.keyboard.press('/');
    await page.keyboard.type('render|compare');
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 3 boxes');
    expect(await page.locator('#frames .hit').count()).toBe(3);
    await frame(page, 'route').click();
    await expect.poll(() => matches(page).textContent()).toBe('42.9 % of this view, 2 boxes');
    await page.getByRole('searchbox').fill('render(');
    await expect.poll(() => matches(page).textContent()).toMatch(/Invalid regular expression/);
  });

  it('is walked with the arrow keys, in the direction the picture stands', async () => {
    const page = await browser.open('keys.svg', svg);
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
    await expect.poll(() => details(page).textContent()).toMatch(/^readFileSync .* 200 samples/);
    await page.keyboard.press('i');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => details(page).textContent()).toMatch(/^uv_fs_read /);
    await page.keyboard.press('Enter');
    await expect.poll(() => widthOf(page, 'uv_fs_read')).toBe(1180);
  });

  it('merges from the leaves', async () => {
    const page = await browser.open('up.svg', svg);
    await page.getByRole('button', { name: 'bottom-up' }).click();
    await expect.poll(() => widthOf(page, 'readToken')).toBeCloseTo(1180 * 0.3, 0);
    await expect.poll(() => frame(page, 'readToken').getAttribute('aria-level')).toBe('2');
    await page.goBack();
    await expect.poll(() => frame(page, 'readToken').getAttribute('aria-level')).toBe('5');
  });

  it.each(['light', 'dark'] as const)('is accessible (%s)', async (colorScheme) => {
    const page = await browser.open('axe.svg', svg, { colorScheme });
    await expectAccessible(page);
  });

  it('reads without its script', async () => {
    const page = await browser.open('static.svg', svg, { javaScriptEnabled: false });
    expect(await page.locator('#frames g').count()).toBe(13);
    expect(await page.locator('#frames text').allTextContents()).toContain(
      'readFileSync (node:fs:400)',
    );
    expect(await page.locator('#controls').textContent()).toMatch(/^Open this file in a browser/);
  });

  it('tells what is new and what is gone, by a word and not by colour alone', async () => {
    const base = folded('main;old 40\nmain;same 60');
    const text = folded('main;new 80\nmain;same 120').toFlameGraph({ base });
    const page = await browser.open('diff.svg', text);
    const labels = await page.locator('#frames text').allTextContents();
    expect(labels).toEqual(['all', 'main', 'new new', 'gone old', 'same']);
  });

  it('shows names of any kind as text', async () => {
    const frames = hostileNames.map((name) => ({ frames: [name, { name, script: name }] }));
    const profile = new Profile(makeProfile(frames));
    const page = await browser.open('hostile.svg', profile.toFlameGraph({ title: ']]><script>' }));
    await expect
      .poll(() => page.getByRole('treeitem', { name: '<script>alert(1)' }).count())
      .toBe(2);
    expect(await page.locator('script').count()).toBe(1);
  });

  it('never complained, asked or loaded anything', () => {
    expect(browser.complaints).toEqual([]);
  });
});
