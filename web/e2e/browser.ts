// A browser for the tests of the page: what a visit must never do fails the test that did it.
import { broken } from './axe';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject } from 'vitest';

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };
const SCREENSHOTS = 'e2e/screenshots';

let browser: Browser;
beforeAll(async () => {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(() => browser.close());

export interface Visit {
  page: Page;
  /** What went wrong so far: errors of the console, of scripts, of the policy, requests to other hosts. */
  faults: string[];
}

/**
 * Opens a path such as `/ui/`, of another server if `baseURL` names one, runs the steps, and fails if the page did what
 * it must not, in any tab.
 */
export async function visit(
  path: string,
  options: BrowserContextOptions,
  steps: (visit: Visit) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({
    viewport: WIDE,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const faults: string[] = [];
  const home = options.baseURL ?? inject('page');
  context.on('console', (said) => said.type() === 'error' && faults.push(`console: ${said.text()}`));
  context.on('dialog', (dialog) => (faults.push(`dialog: ${dialog.message()}`), void dialog.dismiss()));
  context.on('weberror', (thrown) => faults.push(`script: ${thrown.error().message}`));
  context.on(
    'request',
    (request) =>
      !/^(blob|data):/.test(request.url()) &&
      !request.url().startsWith(home) &&
      faults.push(`request: ${request.url()}`),
  );
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  const page = await context.newPage();
  try {
    await page.goto(home + path);
    await steps({ page, faults });
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
}

/** The parameters of the address that the page is at. */
export const search = (page: Page): URLSearchParams => new URL(page.url()).searchParams;

/** Waits until no tile waits for an answer. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('main section');
  await page.waitForFunction(() => !document.querySelector('main [aria-busy=true]'));
}

/** What axe-core finds against WCAG 2 AA. */
export async function accessible(page: Page): Promise<void> {
  const found = await broken(page);
  expect(found).toEqual([]);
}

/** Takes pictures at both widths and in both schemes. */
export async function pictures(
  path: string,
  name: string,
  steps: (page: Page) => Promise<void> = settled,
): Promise<void> {
  for (const [width, viewport] of [
    ['1440', WIDE],
    ['390', NARROW],
  ] as const) /* prettier-ignore */ {
    for (const colorScheme of ['light', 'dark'] as const) {
      await visit(path, { viewport, colorScheme, hasTouch: viewport === NARROW, isMobile: viewport === NARROW }, async ({ page }) => {
        await steps(page);
        await accessible(page);
        // A phone's window grows with what is too wide for it, so that the width that was asked for is what counts.
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, 'nothing is wider than the window').toBeLessThanOrEqual(viewport.width);
        await page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      });
    }
  }
}
