/** The built studio in Chromium, as a person uses it: by the names of buttons and fields. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { chromiumPath } from '../../bench/browser.js';
import { serveSite, type Site } from '../../src/node/site-server.js';

export interface StudioOptions extends BrowserContextOptions {
  /** Where the page is; default: a site of its own, with the headers of `tinylm studio`. */
  readonly site?: Site;
  /** Run in the page before its own scripts: takes abilities away, or stands in for a port. */
  readonly before?: (page: Page) => Promise<unknown>;
  readonly path?: string;
  /** Console errors that are expected. */
  readonly allowed?: RegExp;
}

let browser: Promise<Browser> | undefined;

/** Ends the browser that all pages of a test file share. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

export const hasBrowser = (): boolean => chromiumPath() !== undefined;

/** Opens the page, gives it to `body`, and checks that it asked no other host and logged no error. */
export async function withStudio(options: StudioOptions, body: (studio: Studio) => Promise<void>): Promise<void> {
  const { site: given, before, path = '', allowed = /$^/, ...context } = options;
  // its sandbox does not start for root, which is what containers run as; the page holds nothing but this package
  browser ??= chromium.launch({ executablePath: chromiumPath()!, chromiumSandbox: false });
  const site = given ?? (await serveSite({ port: 0 }));
  const opened = await (await browser).newContext({
    viewport: { width: 1180, height: 820 },
    locale: 'en-US',
    acceptDownloads: true,
    ...context,
  });
  try {
    const page = await opened.newPage();
    page.setDefaultTimeout(90_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !allowed.test(message.text())) faults.push(message.text());
    });
    opened.on('request', (request) => {
      if (!request.url().startsWith(site.url) && !/^(blob|data):/.test(request.url()))
        faults.push(`asked ${request.url()}`);
    });
    await before?.(page);
    await page.goto(site.url + path);
    await body(new Studio(page));
    assert.deepEqual(faults, []);
  } finally {
    await opened.close();
    if (given === undefined) await site.close();
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Studio {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  button(name: string | RegExp): ReturnType<Page['getByRole']> {
    return this.page.getByRole('button', { name });
  }

  async press(name: string | RegExp): Promise<void> {
    await this.button(name).first().click();
  }

  async step(name: 'Text' | 'Size' | 'Train' | 'Try' | 'Chip'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name }).click();
  }

  /** Drops a file onto the page, as a person does with a mouse. */
  async drop(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
    const transfer = await this.page.evaluateHandle(
      ([file, base64]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
        return data;
      },
      [name, bytes.toString('base64')] as const,
    );
    await this.page.locator('.drop').dispatchEvent('drop', { dataTransfer: transfer });
  }

  /** Text, then its size by hand, then the training: up to its first word. */
  async trainOn(name: string, text: string, options: Readonly<Record<string, number>>): Promise<void> {
    await this.drop(name, text);
    await this.press('Choose a size');
    await this.setOptions(options);
    await this.press('Start training');
  }

  async setOptions(options: Readonly<Record<string, number>>): Promise<void> {
    await this.page.getByText('Every option').click();
    for (const [label, value] of Object.entries(options)) {
      const field = this.page.locator('details.expert').getByLabel(label, { exact: true });
      await field.fill(String(value));
      await field.blur();
    }
  }

  /** Waits for the model. */
  async trained(): Promise<void> {
    await this.button('Try it').first().waitFor();
  }

  /** What a button lets the person keep. */
  async download(button: string | RegExp): Promise<{ name: string; bytes: Uint8Array }> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.press(button)]);
    return { name: download.suggestedFilename(), bytes: new Uint8Array(readFileSync(await download.path())) };
  }

  /** Starts the virtual chip and writes firmware and model into it. */
  async flashVirtual(): Promise<void> {
    await this.press('Start it');
    await this.press('Write it');
    await this.page.getByRole('tab', { name: 'Chat' }).waitFor();
  }

  /** What stands in a note or an error. */
  async alert(): Promise<string> {
    return (await this.page.getByRole('alert').first().textContent()) ?? '';
  }

  /** What axe-core has against what shows now, and a page that is wider than its window. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      interface Found {
        id: string;
        help: string;
        nodes: { html: string; failureSummary?: string }[];
      }
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Found[] }> } };
      const { violations } = await axe.run();
      const { scrollWidth, clientWidth } = document.documentElement;
      return [
        ...violations.map(
          ({ id, help, nodes }) =>
            `${id}: ${help}: ${nodes.map((n) => `${n.html} (${n.failureSummary ?? ''})`).join(' | ')}`,
        ),
        ...(scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide, the window ${clientWidth}`] : []),
      ];
    });
  }
}
