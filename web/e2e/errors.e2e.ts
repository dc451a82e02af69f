import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { NARROW, pictures, settled, visit } from './browser';

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

/** Clicks on the bucket with most errors, on a page's chart of errors; says how many it has. */
async function clickSpike(page: Page): Promise<number> {
  const { values } = await errors();
  const most = Math.max(...values);
  const chart = page.locator('figure', { has: page.getByRole('heading', { name: 'Errors', exact: true }) });
  const plot = await chart.locator('.u-over').boundingBox();
  if (!plot) throw new Error('there is no plot');
  // The first and the last bucket are at the edges, which are nobody's.
  const EDGE = 8;
  const left = (plot.width * values.indexOf(most)) / (values.length - 1);
  const inside = Math.min(Math.max(left, EDGE), plot.width - EDGE);
  await page.mouse.click(plot.x + inside, plot.y + plot.height / 2);
  return most;
}

test('from a spike to a conversation it takes three clicks', async () => {
  await visit(`/ui/errors?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const most = await clickSpike(page);
    // Both charts tell of the bucket that is picked.
    const picked = await page.locator('.spike b').innerText();
    for (const readout of await page.locator('figure .readout').all())
      await expect.poll(() => readout.innerText()).toContain(picked);
    const rows = page.getByRole('table', { name: 'Groups of errors' }).locator('tbody tr');
    await page.getByRole('heading', { name: 'Groups in this spike' }).waitFor();
    // What is compared beside them takes longer.
    const count = async () => {
      const counts = await rows.locator('td:nth-child(3)').allTextContents();
      return counts.reduce((sum, text) => sum + numberOf(text), 0);
    };
    await expect.poll(count).toBe(most);
    await rows.first().click();
    await page.getByRole('heading', { name: 'Newest in this spike' }).waitFor();
    const link = page.getByRole('table', { name: 'Newest errors of this group' }).getByRole('link', { name: /^(chat|visit|web)-/ }); // prettier-ignore
    const conversation = await link.first().textContent();
    await link.first().click();
    await page.waitForURL(`**/ui/conversation/${conversation}**`);
  });
});

test('a spike on the overview leads to its groups', async () => {
  await visit(`/ui/?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const most = await clickSpike(page);
    await page.getByRole('heading', { name: 'Groups in this spike' }).waitFor();
    await settled(page);
    const counts = await page
      .getByRole('table', { name: 'Groups of errors' })
      .locator('td:nth-child(3)')
      .allInnerTexts();
    expect(counts.map(numberOf).reduce((sum, count) => sum + count, 0)).toBe(most);
  });
});

test('fields are ranked when all of them are compared, and stay in their places until then', async () => {
  await visit(`/ui/errors?${AT}&group=card_declined`, {}, async ({ page }) => {
    const section = page.locator('section.different');
    const status = section.getByText(/^\d+ of \d+ fields compared/);
    const names = () => section.getByRole('heading', { level: 3 }).allTextContents();
    await section.getByText(/These came first|What differs most/).waitFor();
    let before: string[] = [];
    while (await status.isVisible()) {
      const now = await names();
      if (!(await status.isVisible())) break;
      expect(now.slice(0, before.length)).toEqual(before);
      before = now;
    }
    await section.getByText('What differs most comes first.').waitFor();
    expect(await names()).toContain('event_name');
  });
});

test('the newest errors of a group say in a narrow window what they are and whose', async () => {
  await visit(`/ui/errors?${AT}&group=card_declined`, { viewport: NARROW, isMobile: true }, async ({ page }) => {
    const row = page.getByRole('table', { name: 'Newest errors of this group' }).locator('[data-row]').first();
    await row.waitFor();
    const filters = JSON.stringify([{ field: 'error', op: 'is', values: ['card_declined'] }]);
    const [newest] = await ask<{ id: string; error: string; event_name: string; user_id: string }[]>('/events', {
      query: { ...RANGE, filters, limit: '1' },
    });
    expect(await row.getAttribute('data-row')).toBe(newest?.id);
    for (const text of [newest?.error, newest?.event_name, newest?.user_id])
      expect(await row.innerText()).toContain(text);
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
