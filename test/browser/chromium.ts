import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Debian's; `npm test tools` installs it. */
const CHROMIUM = '/usr/bin/chromium';

/** Opens pictures as their readers do: from a file, without a network. */
export class PictureBrowser {
  readonly #browser: Browser;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigprof-pictures-'));
  /** What pages complained of or tried to load. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<PictureBrowser> {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    return new PictureBrowser(browser);
  }

  /** Opens a picture; `hash` is its address behind the file's name. */
  async open(
    name: string,
    content: string,
    { hash = '', ...options }: BrowserContextOptions & { hash?: string } = {},
  ): Promise<Page> {
    const file = join(this.#folder, name);
    writeFileSync(file, content);
    const context = await this.#browser.newContext({
      viewport: { width: 1200, height: 700 },
      ...options,
    });
    const page = await context.newPage();
    const own = pathToFileURL(file).href;
    page.on('console', (message) => this.complaints.push(message.text()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== own) this.complaints.push(`request: ${request.url()}`);
    });
    await page.goto(own + hash, { waitUntil: 'load' });
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Fails unless axe finds nothing to complain of. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: own } = globalThis as unknown as { axe: typeof axe };
    return (await own.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  expect(violations).toEqual([]);
}
