// ClickHouse ends while the page is open, and comes back.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { daysBefore } from './api';
import { settled, visit } from './browser';
import { send } from './data';
import { folder, startEngine, startMillrace, type Own, type Running } from './own';

const data = folder();
let engine: Running;
let own: Own;
beforeAll(async () => {
  engine = await startEngine(data);
  own = await startMillrace({ CLICKHOUSE_URL: engine.url });
  const { from } = daysBefore(2);
  const [now, then] = [new Date().toISOString(), `${from}T12:00:00Z`];
  const events = [now, then].map((timestamp) => ({
    event_name: 'kept',
    conversation_id: 'outage',
    error: 'bad',
    timestamp,
  }));
  await send('default', events, { api: own.api });
});
afterAll(async () => {
  await own?.end();
  await engine?.end();
  rmSync(data, { recursive: true, force: true });
});

test('each tile says it, alone, and comes back by itself, of a range that is over too', async () => {
  const { from, to } = daysBefore(2);
  await visit('/ui/', { baseURL: own.page }, async ({ page, faults }) => {
    await settled(page);
    await page.getByRole('link', { name: 'kept' }).first().waitFor();
    const tiles = await page.locator('main section').count();
    await engine.end();

    const over = await page.context().newPage();
    await over.goto(`${own.page}/ui/explorer?from=${from}&to=${to}`);
    await page.getByRole('button', { name: 'Refresh' }).click();
    for (const tab of [page, over]) {
      const told = tab.locator('main section').getByRole('alert');
      await expect.poll(() => told.count()).toBeGreaterThan(1);
      expect(await told.first().innerText()).toMatch(/asked again by itself/);
      expect(await tab.getByRole('navigation').first().isVisible()).toBe(true);
    }
    expect(await page.locator('main section').count(), 'all tiles stay').toBe(tiles);

    engine = await startEngine(data, new URL(engine.url).host);
    for (const tab of [page, over]) {
      await tab.locator('main section').getByRole('alert').first().waitFor({ state: 'detached' });
      await tab.getByText('kept').first().waitFor();
      await settled(tab);
      expect(await tab.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
    }
    expect(faults.splice(0).filter((fault) => !/status of 50\d/.test(fault))).toEqual([]);
  });
});
