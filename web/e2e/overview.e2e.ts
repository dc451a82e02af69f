import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';

const DAYS = daysBefore(7);
const PATH = `/ui/?from=${DAYS.from}&to=${DAYS.to}`;
interface Told {
  series: { values: number[]; total: number }[];
}

test('the overview shows six metrics, the top names and the newest errors', async () => {
  await visit('/ui/?compare=previous_period', {}, async ({ page }) => {
    await settled(page);
    expect(await page.locator('figure canvas').count()).toBe(6);
    expect(await page.getByRole('heading', { name: 'Top events' }).count()).toBe(1);
    expect(await page.getByText('complete to').count()).toBe(1);
  });
});

test('its numbers are those of the API, bucket by bucket', async () => {
  const { series } = await ask<Told>('/query', { body: { metrics: ['events', 'users'], ...DAYS } });
  await visit(PATH, {}, async ({ page }) => {
    await settled(page);
    for (const [index, title] of ['Events', 'Users'].entries()) {
      const figure = page.getByRole('figure').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
      expect(numberOf(await figure.locator('.number').first().innerText())).toBe(series[index]?.total);
      await page.getByRole('button', { name: `${title}: table` }).click();
      const cells = await figure.getByRole('cell').allInnerTexts();
      expect(cells.map(numberOf)).toEqual(series[index]?.values);
    }
  });
});

test('a number opens the events behind it, as many as it says', async () => {
  const { series } = await ask<Told>('/query', { body: { metrics: ['errors'], ...DAYS } });
  await visit(PATH, {}, async ({ page }) => {
    await settled(page);
    const errors = page.getByRole('figure').filter({ has: page.getByRole('heading', { name: 'Errors', exact: true }) });
    await errors.getByRole('link').click();
    await page.waitForFunction(() => location.pathname === '/ui/explorer');
    await settled(page);
    expect(numberOf(await page.locator('main .number').first().innerText())).toBe(series[0]?.total);
    expect(new URL(page.url()).searchParams.getAll('f')).toEqual(['error:set']);
    expect(await countBehind(page.url())).toBe(series[0]?.total);
  });
});

test('the overview is right at both widths and in both schemes', () =>
  pictures('/ui/?compare=previous_period', 'overview'));
