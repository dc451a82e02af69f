import { beforeAll, expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';
import { ask } from './api';
import { behind, charted, ownTenant, send } from './data';

const tenant = ownTenant('sessions');
const path = `/ui/sessions?tenant=${tenant}`;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  const at = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
  const event = { event_name: 'event_a' };
  await send(tenant, [
    { ...event, conversation_id: 'slow', timestamp: at(50), latency: 9_000 },
    { ...event, conversation_id: 'slow', timestamp: at(49), latency: 20 },
    { ...event, conversation_id: 'bad', timestamp: at(26), latency: 30, error: 'card declined' },
    { ...event, conversation_id: 'bad', timestamp: at(25), error: 'card declined' },
    { ...event, conversation_id: 'bad', timestamp: at(25), latency: 40 },
    { ...event, conversation_id: 'short', timestamp: at(24), error: 'timeout' },
    { ...event, conversation_id: 'old', timestamp: at(24 * 20), error: 'timeout' },
  ]);
});

test('the charts tell what the API does, and their numbers lead to as many', async () => {
  await visit(path, {}, async ({ page }) => {
    await settled(page);
    const shown = await charted(page, 'Conversations');
    const days = await page.locator('figure').first().locator('tbody tr').count();
    const question = { metrics: ['conversations'], days, timezone: 'Europe/Berlin', interval: 'day' };
    const { series } = await ask<{ series: { total: number }[] }>('/query', { tenant, body: question });
    expect(shown.total).toBe(series[0]?.total);
    expect(shown.total).toBe(3);
    expect(shown.values.reduce((sum, value) => sum + value)).toBeGreaterThanOrEqual(3);
    const link = page.locator('figure', { hasText: 'with an error' }).getByRole('link');
    expect(await behind(page, link)).toEqual({ told: '2', listed: 3 });
  });
});

test('conversations are sorted as the API sorts, and each number leads to as many events', async () => {
  await visit(path, {}, async ({ page }) => {
    await settled(page);
    const rows = page.locator('tr[data-row]');
    const ids = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-row')));
    await expect.poll(ids).toEqual(['bad', 'short', 'slow']);
    await page.getByRole('button', { name: 'Slowest', exact: true }).click();
    await expect.poll(ids).toEqual(['slow', 'bad', 'short']);
    await settled(page);
    expect(page.url()).toContain('rank=latency_p95');
    const bad = page.locator('tr[data-row=bad]');
    expect(await bad.locator('td').allInnerTexts()).toEqual(['bad', '3', '2', '66.67%', '40 ms']);
    expect(await behind(page, bad.getByRole('link', { name: '2', exact: true }))).toEqual({ told: '2', listed: 2 });
    await page.goBack();
    await settled(page);
    expect(await behind(page, bad.getByRole('link', { name: '3', exact: true }))).toEqual({ told: '3', listed: 3 });
  });
});

test('a row opens its conversation, by the keyboard too, and a filter holds for all', async () => {
  await visit(`${path}&f=error:set`, {}, async ({ page }) => {
    await settled(page);
    expect(await page.locator('tr[data-row]').count()).toBe(2);
    await page.locator('tr[data-row=bad]').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('short');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/conversation/short**');
    await settled(page);
    expect(await page.locator('[data-turn]').count()).toBe(1);
  });
});

test('sessions are right at both widths and in both schemes', async () => {
  await pictures(`${path}&compare=previous_period`, 'sessions');
});
