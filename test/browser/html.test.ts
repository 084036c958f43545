import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Profile } from '../../src/profile.ts';
import { makeProfile } from '../unit/model/make-profile.ts';
import { hostileNames } from '../unit/model/random.ts';
import { expectAccessible, PictureBrowser } from './chromium.ts';
import { folded, largeStacks, shop } from './profiles.ts';

let browser: PictureBrowser;

beforeAll(async () => {
  browser = await PictureBrowser.launch();
});
afterAll(async () => {
  await browser.close();
});

const html = folded(shop).toHtml({ title: 'shop' });
const canvas = (page: Page) => page.getByRole('application', { name: /^flame graph/ });
const details = (page: Page) => page.locator('output');
const matches = (page: Page) => page.locator('.bar [role=status]');

/** Clicks a frame of the graph: its row, and where in its width from 0 to 1. */
async function clickFrame(page: Page, row: number, place: number): Promise<void> {
  const box = await canvas(page).boundingBox();
  await canvas(page).click({ position: { x: (box?.width ?? 0) * place, y: row * 17 + 8 } });
}

describe('An HTML picture', () => {
  it('is one file of at most 2.5 MB for 100,000 frames, and answers', async () => {
    const profile = folded(largeStacks(100_000));
    const text = profile.toHtml();
    expect(text.length).toBeLessThanOrEqual(2_500_000);
    const page = await browser.open('large.html', text);
    await page.getByRole('searchbox').fill('step39');
    await expect.poll(() => matches(page).textContent()).toMatch(/^\d+(\.\d+)? %, [\d,]+ boxes$/);
    await clickFrame(page, 1, 0.5);
    await expect.poll(() => page.url()).toContain('z=');
    await expect.poll(() => matches(page).textContent()).toMatch(/of this view/);
  });

  it('zooms by a click, and Back and Escape show everything again', async () => {
    const page = await browser.open('zoom.html', html);
    // Siblings stand by name: readFileSync, route; main's own time comes last.
    await clickFrame(page, 2, 0.1);
    await expect
      .poll(() => details(page).textContent())
      .toBe('readFileSync (node:fs:400) — 200 samples (20.0 % of all, 100 % of this view), self 0');
    expect(page.url()).toMatch(/#z=/);
    await page.goBack();
    await expect.poll(() => details(page).textContent()).toMatch(/^all — 1,000 samples/);
    await page.goForward();
    await expect.poll(() => details(page).textContent()).toMatch(/^readFileSync/);
    await canvas(page).press('Escape');
    await expect.poll(() => details(page).textContent()).toMatch(/^all /);
  });

  it('shows the same frame at another width when its address is opened', async () => {
    const first = await browser.open('address.html', html);
    await clickFrame(first, 2, 0.1);
    await expect.poll(() => first.url()).toContain('z=');
    const hash = new URL(first.url()).hash;
    const second = await browser.open('address.html', html, {
      hash,
      viewport: { width: 700, height: 500 },
    });
    await expect.poll(() => details(second).textContent()).toMatch(/^readFileSync \(node:fs:400\)/);
  });

  it('counts what a search covers once, and says what is wrong with a pattern', async () => {
    const page = await browser.open('search.html', html);
    await page.keyboard.press('/');
    await page.keyboard.type('render|compare');
    // render 300 below route, 50 below readFileSync; compare lies in render.
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 3 boxes');
    await page.getByRole('searchbox').fill('RENDER');
    await expect.poll(() => matches(page).textContent()).toBe('no match');
    await page.getByRole('searchbox').fill('render(');
    await expect.poll(() => matches(page).textContent()).toMatch(/Invalid regular expression/);
    await page.getByRole('searchbox').fill('render');
    await expect.poll(() => new URL(page.url()).hash).toBe('#s=render');
    await page.keyboard.press('Enter');
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 2 boxes, 1 of 2 in sight');
    await expect.poll(() => details(page).textContent()).toMatch(/^render .* 50 samples/);
  });

  it('is walked with the arrow keys, in the direction the picture stands', async () => {
    const page = await browser.open('keys.html', html);
    await canvas(page).focus();
    for (const key of ['ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await expect.poll(() => details(page).textContent()).toMatch(/^route /);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => details(page).textContent()).toMatch(/^readFileSync /);
    await page.keyboard.press('i');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => details(page).textContent()).toMatch(/^uv_fs_read /);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('z=');
    await page.keyboard.press('?');
    await expect.poll(() => page.getByRole('dialog').isVisible()).toBe(true);
  });

  it('merges from the leaves: a frame with several callers is one box', async () => {
    const page = await browser.open('up.html', html);
    await page.getByRole('searchbox').fill('^compare|^render');
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 3 boxes');
    await page.getByRole('button', { name: 'bottom-up' }).click();
    // Own time: compare 250, render 50; as callers they lie below what they called.
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 4 boxes');
    await page.goBack();
    await expect.poll(() => matches(page).textContent()).toBe('35.0 %, 3 boxes');
  });

  it('lists functions, sorts them, and shows callers and callees of one', async () => {
    const page = await browser.open('table.html', html);
    await page.getByRole('tab', { name: 'Functions' }).click();
    const rows = () => page.locator('tbody tr').allTextContents();
    expect((await rows())[0]).toBe(
      '30030.0 %30030.0 %readToken (node_modules/acorn/dist/acorn.js:300)',
    );
    await page.getByRole('button', { name: 'total', exact: true }).click();
    expect((await rows())[0]).toBe('10010.0 %1,000100 %main (src/main.ts:1)');
    expect((await rows()).find((row) => row.includes('render'))).toBe(
      '505.00 %35035.0 %render (src/view.ts:20)',
    );
    await page.getByRole('button', { name: 'render (src/view.ts:20)' }).click();
    await expect
      .poll(() => page.locator('.pivot').textContent())
      .toBe('render (src/view.ts:20) — 350 samples (35.0 % of all), self 50');
    const callers = page.getByRole('application', { name: 'callers of the function' });
    const box = await callers.boundingBox();
    // Upright: render at the bottom, its callers above; route is the wider one, to the right.
    await callers.hover({
      position: { x: (box?.width ?? 0) * 0.6, y: (box?.height ?? 0) - 17 - 8 },
    });
    await expect.poll(() => details(page).textContent()).toMatch(/^route .* 300 samples/);
    await expectAccessible(page);
  });

  it('leaves out categories without losing what they cost', async () => {
    const page = await browser.open('hide.html', html);
    await page.getByRole('button', { name: /^builtins/ }).click();
    await page.getByRole('searchbox').fill('compare');
    await expect.poll(() => matches(page).textContent()).toBe('25.0 %, 1 box');
    await page.getByRole('searchbox').fill('sort');
    await expect.poll(() => matches(page).textContent()).toBe('no match');
    await expect.poll(() => details(page).textContent()).toMatch(/^all — 1,000 samples/);
  });

  it.each(['light', 'dark'] as const)('is accessible (%s)', async (colorScheme) => {
    const page = await browser.open('axe.html', html, { colorScheme });
    await expectAccessible(page);
  });

  it('tells before from after, with what is new and what is gone', async () => {
    const base = folded('main;old 40\nmain;same 60');
    const page = await browser.open(
      'diff.html',
      folded('main;new 80\nmain;same 120').toHtml({ base }),
    );
    await page.getByRole('tab', { name: 'Functions' }).click();
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows.slice(0, 2).sort()).toEqual([
      '0 % → 40.0 %, new+40.0+40.040.0new',
      '40.0 % → 0 %, gone−40.0−40.040.0old',
    ]);
    await page.getByRole('tab', { name: 'Flame graph' }).click();
    await clickFrame(page, 2, 0.35);
    await expect.poll(() => details(page).textContent()).toBe('old — 40.0 % → 0 %, gone');
  });

  it('shows names of any kind as text', async () => {
    const profile = new Profile(
      makeProfile(hostileNames.map((name) => ({ frames: [name, { name, script: name }] }))),
    );
    const page = await browser.open(
      'hostile.html',
      profile.toHtml({ title: '</title><script>alert(2)</script>' }),
    );
    await page.getByRole('tab', { name: 'Functions' }).click();
    await expect
      .poll(() => page.locator('tbody').textContent())
      .toContain('</script><script>alert(1)</script>');
    expect(await page.title()).toBe('</title><script>alert(2)</script>');
    expect(await page.locator('script').count()).toBe(2);
  });

  it('lets no other script run', async () => {
    const page = await browser.open('policy.html', html);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      document.body.append(script);
      return document.title;
    });
    expect(ran).toBe('shop');
    await expect.poll(() => browser.complaints.pop()).toMatch(/Content Security Policy/);
  });

  it('lists functions where scripts are blocked', async () => {
    const page = await browser.open('static.html', html, { javaScriptEnabled: false });
    expect(await page.locator('tbody tr').first().textContent()).toContain('readToken');
  });

  it('never complained, asked or loaded anything', () => {
    expect(browser.complaints).toEqual([]);
  });
});
