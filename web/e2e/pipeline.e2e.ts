import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';

const RANGE = daysBefore(7);
const AT = `from=${RANGE.from}&to=${RANGE.to}`;

interface Pipeline {
  lag: number;
  dead_letters: number;
  partitions: { partition: number }[];
}

test('the chart of sources says what the API says, and a source leads to its events', async () => {
  const breakdown = { field: 'source', limit: 10 };
  const told = await ask<{ series: { key: string; values: number[]; total: number }[] }>('/query', {
    body: { metrics: ['events'], breakdown, ...RANGE },
  });
  // The source with the fewest events is walked to its end soonest.
  const source = told.series.at(-1);
  expect(source?.total).toBeGreaterThan(0);
  await visit(`/ui/pipeline?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const link = page.getByRole('link', { name: source?.key ?? '', exact: true });
    expect(await countBehind((await link.getAttribute('href')) ?? '')).toBe(source?.total);
    await page.getByRole('button', { name: 'Events by source: table' }).click();
    const table = page.getByRole('region', { name: 'Events by source, as a table' });
    const shown = await table.locator('tbody tr td:last-child').allTextContents();
    expect(shown.map(numberOf)).toEqual(source?.values);
  });
});

test('the pipeline says how far events are, and lists its partitions', async () => {
  await visit(`/ui/pipeline?${AT}`, {}, async ({ page }) => {
    await settled(page);
    const { partitions, dead_letters } = await ask<Pipeline>('/pipeline', {});
    const rows = page.getByRole('table', { name: 'Partitions' }).locator('tbody tr[data-row]');
    expect(await rows.count()).toBe(partitions.length);
    const letters = page.locator('main h3', { hasText: 'Dead letters' }).locator('xpath=..').locator('.number');
    expect(numberOf(await letters.textContent())).toBe(dead_letters);
  });
});

test('events that wait too long are told, with what to do', async () => {
  const late = { lag: 1_234, oldest_age_ms: 300_000, dead_letters: 2, partitions: null, alerts: null };
  await visit(`/ui/pipeline?${AT}`, {}, async ({ page }) => {
    await page.route('**/pipeline', (route) =>
      route.fulfill({ json: { success: true, data: late, request_id: 'late' } }),
    );
    await page.reload();
    await page.getByText('has waited for 5 min; 1,234 operations wait').waitFor();
    await page.getByText('millrace-consumer dead-letters list').waitFor();
    await page.getByText('Partitions one by one are shown to keys of scope admin.').waitFor();
  });
});

test('the pipeline is right at both widths and in both schemes', async () => {
  await pictures(`/ui/pipeline?${AT}`, 'pipeline');
});
