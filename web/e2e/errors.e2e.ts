import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';

/** A whole range, so that what is asked twice is the same. */
const RANGE = daysBefore(7);
const AT = `from=${RANGE.from}&to=${RANGE.to}`;

interface Series {
  values: number[];
  total: number;
}
async function errors(): Promise<Series> {
  const { series } = await ask<{ series: Series[] }>('/query', { body: { metrics: ['errors'], ...RANGE } });
  if (!series[0]?.total) throw new Error('there are no errors to test with');
  return series[0];
}
const groups = () => ask<{ fingerprint: string; count: number }[]>('/errors/groups', { query: RANGE });

test('the chart of errors says what the API says', async () => {
  await visit(`/ui/errors?${AT}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Errors: table' }).click();
    const shown = await page.getByRole('region', { name: 'Errors, as a table' }).locator('tbody td').allTextContents();
    const { values, total } = await errors();
    expect(shown.map(numberOf)).toEqual(values);
    const stat = page.locator('figure .number').first();
    expect(numberOf(await stat.textContent())).toBe(total);
    expect(await countBehind((await stat.getAttribute('href')) ?? '')).toBe(total);
  });
});

test('a group has the count that its row has', async () => {
  await visit(`/ui/errors?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const [first] = await groups();
    const row = page.getByRole('table', { name: 'Groups of errors' }).locator('tbody tr').first();
    expect(numberOf(await row.locator('td').nth(2).textContent())).toBe(first?.count);
    await row.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Why is this different?' }).waitFor();
    expect(new URL(page.url()).searchParams.get('group')).toBe(first?.fingerprint);
    await expect
      .poll(async () => numberOf(await page.locator('figure .number').first().textContent()))
      .toBe(first?.count);
    await page.goBack();
    await row.waitFor();
  });
});

test('from a spike to a conversation it takes three clicks', async () => {
  await visit(`/ui/errors?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const { values } = await errors();
    const spike = values.indexOf(Math.max(...values));
    const plot = await page.locator('figure .u-over').first().boundingBox();
    if (!plot) throw new Error('there is no plot');
    await page.mouse.click(plot.x + 1 + ((plot.width - 2) * spike) / (values.length - 1), plot.y + plot.height / 2);
    const rows = page.getByRole('table', { name: 'Groups of errors' }).locator('tbody tr');
    await page.getByRole('heading', { name: 'Groups in this spike' }).waitFor();
    // What is compared beside them takes longer.
    const count = async () => {
      const counts = await rows.locator('td:nth-child(3)').allTextContents();
      return counts.reduce((sum, text) => sum + numberOf(text), 0);
    };
    await expect.poll(count).toBe(values[spike]);
    await rows.first().click();
    await page.getByRole('heading', { name: 'Newest in this spike' }).waitFor();
    const link = page.getByRole('table', { name: 'Newest errors of this group' }).getByRole('link', { name: /^(chat|visit|web)-/ }); // prettier-ignore
    const conversation = await link.first().textContent();
    await link.first().click();
    await page.waitForURL(`**/ui/conversation/${conversation}**`);
  });
});

test('the errors are right at both widths and in both schemes', async () => {
  await pictures(`/ui/errors?${AT}&compare=previous_period`, 'errors');
});

test('a group is right at both widths and in both schemes', async () => {
  await pictures(`/ui/errors?${AT}&group=card_declined`, 'error-group', async (page) => {
    await page.getByText(/of \d+ fields compared/).waitFor();
    await page.getByRole('table', { name: 'Newest errors of this group' }).waitFor();
  });
});
