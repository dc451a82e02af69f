// Which time the numbers are of, and when they are renewed.
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
    let [written, asked, looked] = [1, 0, 0];
    await page.route('**/pipeline', async (route) => {
      const response = await route.fetch();
      const told = (await response.json()) as { data: { partitions: object[] } };
      told.data.partitions = [{ partition: 0, end: written, committed: written, lag: 0, oldest_age_ms: 0 }];
      looked++;
      await route.fulfill({ response, json: told });
    });
    page.on('request', (request) => new URL(request.url()).pathname === '/query' && asked++);
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
    await page.getByRole('button', { name: 'Refresh' }).click();
    await settled(page);

    let before = asked;
    for (let look = 0; look < 4; look++) await lookAgain();
    expect(asked, 'nothing more is written').toBe(before);

    written++;
    await page.clock.runFor(5_000);
    await expect.poll(() => asked).toBeGreaterThan(before);
    await settled(page);

    before = asked;
    written++;
    await lookAgain();
    await lookAgain();
    expect(asked, 'it was renewed just now').toBe(before);
  });
});
