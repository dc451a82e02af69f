import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';

const { from, to, timezone } = daysBefore(5);
const range = `from=${from}&to=${to}`;
const start = { filters: [{ field: 'event_name', op: 'is', values: ['order.created'] }] };
interface Retained {
  cohorts: { cohort: string; size: number; returned: (number | null)[] }[];
}

test('the grid has the numbers of the API', async () => {
  const told = await ask<Retained>('/retention', { body: { start, periods: 7, from, to, timezone } });
  await visit(`/ui/retention?${range}&start=event_name:is:order.created&show=users`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Who came back: table' }).click();
    const shown = await page
      .locator('main figure tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
      );
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.map(([cohort, ...cells]) => [cohort, ...cells.map((cell) => (cell === '–' ? null : numberOf(cell)))]))
      .toEqual(told.cohorts.map(({ cohort, size, returned }) => [cohort, size, ...returned])); // prettier-ignore
  });
});

test('the users of a cohort that begins anew in each period are as many as it says', async () => {
  await visit(`/ui/retention?${range}&start=event_name:is:order.created&mode=recurring`, {}, async ({ page }) => {
    await settled(page);
    const sizes = page.locator('main figure td.size a');
    expect(await sizes.count()).toBe(5);
    for (const link of [sizes.first(), sizes.last()])
      expect(await countBehind((await link.getAttribute('href')) ?? '')).toBe(numberOf(await link.textContent()));
  });
});

test('retention is right at both widths and in both schemes', async () => {
  await pictures(`/ui/retention?range=30d&start=event_name:is:user.registered&period=week`, 'retention');
});
