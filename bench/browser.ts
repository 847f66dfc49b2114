/** An empty page in headless Chromium that imports the modules of this package as `tsc` wrote them, without a bundler or a server. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { packageRoot } from '../src/node/assets.js';

export interface BrowserPage {
  /** Product and version. */
  readonly name: string;
  /** Calls an exported function of a module of dist/ with values that JSON knows. */
  call<T>(module: string, name: string, ...args: readonly unknown[]): Promise<T>;
  close(): Promise<void>;
}

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const ORIGIN = 'http://localhost';

/** Where a Chromium or Chrome is; undefined when none was found. The environment's CHROMIUM names one that stands elsewhere. */
export function chromiumPath(): string | undefined {
  return [process.env['CHROMIUM'], ...PLACES].find((path) => path && existsSync(path));
}

/**
 * @param say gets what the page logs
 * @returns undefined when there is no Chromium or Chrome; the environment's CHROMIUM names one that stands elsewhere
 */
export async function openBrowser(say: (line: string) => void = () => {}): Promise<BrowserPage | undefined> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) return undefined;
  // its sandbox does not start for root, which is what containers run as; the page holds nothing but this package
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  const page = await browser.newPage();
  page.on('console', (message) => say(message.text()));
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/')
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>TinyLM</title>' });
    return route.fulfill({ path: join(packageRoot(), ...pathname.split('/')) });
  });
  await page.goto(`${ORIGIN}/`);
  return {
    name: `Chromium ${browser.version()}`,
    call: <T>(module: string, name: string, ...args: readonly unknown[]) =>
      page.evaluate(
        async ([url, exported, values]) => {
          const functions = (await import(url as string)) as Record<string, (...given: unknown[]) => unknown>;
          return functions[exported as string](...(values as unknown[]));
        },
        [`/dist/${module}`, name, args] as const,
      ) as Promise<T>,
    close: () => browser.close(),
  };
}
