import { expect, test } from 'vitest';
import { accessible, NARROW, visit, WIDE } from './browser';

test('the description shows every operation, its words and its shapes, and calls the API', async () => {
  await visit('/docs', {}, async ({ page }) => {
    await page.waitForSelector('.opblock');
    expect(await page.locator('.opblock').count()).toBeGreaterThan(50);
    await page.locator('#operations-operation-health .opblock-summary-control').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.waitForSelector('.live-responses-table');
    expect(await page.locator('.live-responses-table').first().innerText()).toContain('"ok"');

    await page.locator('#operations-questions-tail .opblock-summary-control').click();
    await page.waitForSelector('#operations-questions-tail .opblock-description p code');
  });
});

for (const viewport of [WIDE, NARROW]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the description is readable at ${viewport.width} px, ${colorScheme}`, async () => {
      await visit('/docs', { viewport, colorScheme }, async ({ page }) => {
        await page.waitForSelector('.opblock');
        for (const operation of [
          'events-create_event',
          'events-update_event',
          'events-delete_event',
          'questions-query',
        ]) {
          await page.locator(`#operations-${operation} .opblock-summary-control`).click();
          await page.waitForSelector(`#operations-${operation} .responses-table`);
        }
        await page.screenshot({ path: `e2e/screenshots/docs-${viewport.width}-${colorScheme}.png` });
        await accessible(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wide, 'nothing is wider than the window').toBeLessThanOrEqual(0);
      });
    });
  }
}
