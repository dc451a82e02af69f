import type { Download } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { API, ask, daysBefore, numberOf } from './api';
import { NARROW, pictures, settled, visit } from './browser';
import { ownTenant, send } from './data';

test('the explorer is right at both widths and in both schemes', async () => {
  await pictures('/ui/explorer?by=event_name', 'explorer');
});

test('a row opens the whole event, arrows walk, Escape gives the focus back', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    await page.locator('tr[data-row]').nth(2).click();
    const panel = page.getByRole('complementary').last();
    await panel.getByText('Id', { exact: true }).waitFor();
    const opened = () => new URL(page.url()).searchParams.get('event');
    const third = opened();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction((id) => !location.search.includes(id ?? ''), third);
    expect(await page.locator('tr[data-row]').nth(3).getAttribute('data-row')).toBe(opened());
    const fourth = opened();
    await page.keyboard.press('Escape');
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, fourth);
    expect(opened()).toBeNull();
    await page.goBack();
    expect(opened()).toBe(fourth);
  });
});

test('a row of a phone says in two lines what columns have no room for', async () => {
  const tenant = ownTenant('brief');
  const timestamp = new Date().toISOString();
  const sent = { event_name: 'question', conversation_id: 'chat-1', user_id: 'ada', timestamp, latency: 1_500 };
  await send(tenant, [{ ...sent, error: 'it timed out' }]);
  const path = `/ui/explorer?tenant=${tenant}`;
  await visit(path, { viewport: NARROW, isMobile: true, hasTouch: true }, async ({ page }) => {
    await settled(page);
    const row = page.locator('tr[data-row]').first();
    for (const text of ['question', 'it timed out', '1.5 s', 'ada', 'chat-1'])
      expect(await row.getByText(text).isVisible(), text).toBe(true);
    await row.tap();
    await page.getByRole('complementary').last().getByText('Id', { exact: true }).waitFor();
  });
  await visit(path, {}, async ({ page }) => {
    await page.getByRole('link', { name: 'chat-1' }).click();
    await page.waitForURL('**/ui/conversation/chat-1?*');
    await page.goBack();
    await page.getByRole('link', { name: 'ada' }).click();
    await page.waitForURL('**/ui/user/ada?*');
  });
});

test('a value of the panel filters by it, with the count of the events', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    await page.locator('tr[data-row]').first().click();
    await page
      .getByRole('button', { name: 'product.viewed' })
      .or(page.getByTitle('Filter by this value').first())
      .first()
      .click();
    await page.waitForFunction(() => location.search.includes('f=event_name:is:'));
  });
});

test('the rows go on page by page', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    const rows = page.getByRole('table', { name: 'Events' });
    for (let more = 0; more < 4; more++) {
      const before = await page.evaluate(() => document.querySelector('main .scroll')?.scrollHeight ?? 0);
      await rows.evaluate((table) => table.parentElement?.scrollTo({ top: 1e7 }));
      await page.waitForFunction(
        (height) => (document.querySelector('main .scroll')?.scrollHeight ?? 0) > height,
        before,
      );
    }
    expect(await page.locator('tr[data-row]').count()).toBeLessThan(80);
  });
});

test('live rows say that they are accepted', async () => {
  const tenant = ownTenant('live');
  const event = (event_name: string) => ({ event_name, conversation_id: 'live', timestamp: new Date().toISOString() });
  await send(tenant, [event('event_b')]);
  await visit(`/ui/explorer?tenant=${tenant}&live=on`, {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await send(tenant, [event('event_a')]);
    await page.getByRole('cell', { name: 'event_a' }).first().click();
    await page.getByRole('complementary').getByText('Id', { exact: true }).waitFor();
  });
});

test('a change without the fields of its event, and a deletion, are rows like others', async () => {
  const tenant = ownTenant('changes');
  const event = (event_name: string) => ({ event_name, conversation_id: 'live', timestamp: new Date().toISOString() });
  const [id = ''] = await send(tenant, [event('event_a')]);
  await visit(`/ui/explorer?tenant=${tenant}&live=on`, {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    const change = (method: string, body?: string) =>
      fetch(`${API}/event/${id}`, {
        method,
        headers: { 'content-type': 'application/json', 'x-tenant': tenant },
        ...(body ? { body } : {}),
      });
    await change('PUT', JSON.stringify({ error: 'late' }));
    await page.getByRole('cell', { name: 'updated' }).waitFor();
    await change('DELETE');
    await page.getByRole('cell', { name: 'deleted' }).waitFor();
    await send(tenant, [event('event_b')]);
    await page.getByRole('cell', { name: 'event_b' }).waitFor();
  });
});

test('one tab of a browser watches: the one that began last', async () => {
  await visit('/ui/explorer?live=on', {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByText('Accepted just now, whatever the range').waitFor();
    await page.getByText('Another tab of this browser is watching.').waitFor();
    await page.getByRole('button', { name: 'Watch here' }).click();
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await other.getByText('Another tab of this browser is watching.').waitFor();
  });
});

describe('a download', () => {
  const DAYS = daysBefore(1);
  const PATH = `/ui/explorer?from=${DAYS.from}&to=${DAYS.to}&columns=id,event_name`;
  const lines = async (file: Download): Promise<string[]> =>
    (await (await file.createReadStream()).toArray()).join('').split(/\r?\n/).filter(Boolean);

  test('has the rows as they are shown', async () => {
    await visit(PATH, {}, async ({ page }) => {
      await settled(page);
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      const file = page.waitForEvent('download');
      await page.getByRole('button', { name: /^CSV of the \d+ rows loaded/ }).click();
      const [head, first, ...others] = await lines(await file);
      expect(head).toBe('id,event_name');
      expect(first?.split(',')).toEqual(await page.locator('tr[data-row]').first().getByRole('cell').allInnerTexts());
      expect(others.length).toBeGreaterThan(0);
    });
  });

  test('of all events has as many as are counted', async () => {
    const { series } = await ask<{ series: { total: number }[] }>('/query', { body: { metrics: ['events'], ...DAYS } });
    await visit(PATH, {}, async ({ page }) => {
      await settled(page);
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      await page.getByRole('combobox', { name: 'Format' }).selectOption('ndjson');
      const file = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      expect((await lines(await file)).length).toBe(series[0]?.total);
    });
  });
});

test('a breakdown adds up to the number that it divides', async () => {
  const days = daysBefore(7);
  const { series } = await ask<{ series: { total: number }[] }>('/query', { body: { metrics: ['events'], ...days } });
  await visit(`/ui/explorer?from=${days.from}&to=${days.to}&by=properties.model`, {}, async ({ page }) => {
    await settled(page);
    const bars = (await page.locator('main ol li').allInnerTexts()).map((text) =>
      numberOf(text.split('\n').at(-1) ?? ''),
    );
    expect(bars.length).toBeGreaterThan(1);
    expect(bars.reduce((sum, bar) => sum + bar, 0)).toBe(series[0]?.total);
  });
});
