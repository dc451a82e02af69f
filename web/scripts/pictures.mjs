// Takes the pictures of README.md of `millrace demo`, once it has filled in its days: two pages, light and dark, to
// ../docs/images/. MILLRACE_URL names it (http://127.0.0.1:8080), CHROMIUM another browser than /usr/bin/chromium.
import { chromium } from 'playwright-core';
import { mkdirSync, statSync } from 'node:fs';

const SERVER = process.env.MILLRACE_URL ?? 'http://127.0.0.1:8080';
const FOLDER = new URL('../../docs/images/', import.meta.url).pathname;
const MOST_BYTES = 150 * 1024;
const PAGES = {
  overview: '/ui/?compare=previous_period',
  funnel: '/ui/funnels?by=properties.device_type',
};

mkdirSync(FOLDER, { recursive: true });
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    const viewport = { width: 1440, height: 900 };
    const context = await browser.newContext({ viewport, colorScheme, timezoneId: 'Europe/Berlin', locale: 'en-GB' });
    for (const [name, path] of Object.entries(PAGES)) {
      const page = await context.newPage();
      await page.goto(SERVER + path);
      await page.waitForSelector('main figure');
      await page.waitForFunction(() => !document.querySelector('main [aria-busy=true]'));
      const file = `${FOLDER}${name}-${colorScheme}.png`;
      await page.screenshot({ path: file });
      const { size } = statSync(file);
      console.log(`${file}: ${(size / 1024).toFixed(0)} KB`);
      if (size > MOST_BYTES) throw new Error(`${file} has more than ${MOST_BYTES / 1024} KB`);
      await page.close();
    }
  }
} finally {
  await browser.close();
}
