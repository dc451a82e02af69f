// Which time the numbers are of, and when they are renewed.
import type { Request } from 'playwright-core';
import { expect, test } from 'vitest';
import { daysBefore } from './api';
import { settled, visit } from './browser';

test('the frame says up to when all is in the numbers, where their range goes on', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.getByText(/^numbers as of \d\d:\d\d:\d\d$/).waitFor();
  });
  const { from, to } = daysBefore(7);
  await visit(`/ui/?from=${from}&to=${to}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByText('complete to').waitFor();
    expect(await page.getByText('numbers as of').count()).toBe(0);
  });
});

test('numbers are renewed when more is written, not sooner and not at each look', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    let [written, asked, ended, looked] = [1, 0, 0, 0];
    await page.route('**/pipeline', async (route) => {
      const response = await route.fetch();
      const told = (await response.json()) as { data: { committed: number } };
      told.data.committed = written;
      looked++;
      await route.fulfill({ response, json: told });
    });
    const isQuestion = (request: Request) => new URL(request.url()).pathname === '/query';
    page.on('request', (request) => isQuestion(request) && asked++);
    page.on('requestfinished', (request) => isQuestion(request) && ended++);
    // Those of the page before the reload may be given up.
    page.on('requestfailed', (request) => isQuestion(request) && ended++);
    /** Waits until all is answered, and more than so many times. */
    const answeredMoreThan = async (before: number) => {
      await expect.poll(() => asked > before && ended === asked).toBe(true);
      await settled(page);
    };
    const lookAgain = async () => {
      const before = looked;
      await page.clock.runFor(5_000);
      await expect.poll(() => looked).toBeGreaterThan(before);
      await settled(page);
    };
    await page.clock.install();
    await page.reload();
    await page.getByText('numbers as of').waitFor();
    // Time passes by what the test says alone, however long the machine takes.
    await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 60_000);
    await lookAgain();
    await answeredMoreThan(0);
    let before = asked;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await answeredMoreThan(before);

    before = asked;
    for (let look = 0; look < 4; look++) await lookAgain();
    expect(asked, 'nothing more is written').toBe(before);

    written++;
    await page.clock.runFor(5_000);
    await answeredMoreThan(before);

    before = asked;
    written++;
    await lookAgain();
    await lookAgain();
    expect(asked, 'it was renewed just now').toBe(before);
  });
});
