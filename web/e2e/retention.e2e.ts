import { expect, test } from 'vitest';
import { ask, daysBefore, numberOf } from './api';
import { listed } from './lists';
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

test('the users of a cohort, and those who came back, are as many as it says', async () => {
  await visit(`/ui/retention?${range}&start=event_name:is:order.created&show=users`, {}, async ({ page }) => {
    await settled(page);
    for (const cells of ['td.size a', 'td.value a']) {
      for (const link of await page
        .locator(`main figure ${cells}`)
        .all()
        .then((all) => [all[0], all.at(-1)])) {
        if (!link) throw new Error(`no ${cells}`);
        const count = numberOf(await link.textContent());
        await link.click();
        expect(await listed(page, /^Who began on/)).toBe(count);
      }
    }
  });
});

test('retention is right at both widths and in both schemes', async () => {
  await pictures(`/ui/retention?range=30d&start=event_name:is:user.registered&period=week`, 'retention');
});
