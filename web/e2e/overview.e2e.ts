import { expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';

test('the overview shows six metrics, the top names and the newest errors', async () => {
  await visit('/ui/?compare=previous_period', {}, async ({ page }) => {
    await settled(page);
    expect(await page.locator('figure canvas').count()).toBe(6);
    expect(await page.getByRole('heading', { name: 'Top events' }).count()).toBe(1);
    expect(await page.getByText('complete to').count()).toBe(1);
  });
});

test('the overview is right at both widths and in both schemes', async () => {
  await pictures('/ui/?compare=previous_period', 'overview');
});
