import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { ask } from './api';
import { NARROW, pictures, settled, visit } from './browser';
import { behind, charted, ownTenant, send } from './data';

const tenant = ownTenant('users');
const list = `/ui/users?tenant=${tenant}`;
const ada = `/ui/user/ada%2Fx?tenant=${tenant}`;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  const at = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
  const event = { event_name: 'event_a' };
  await send(tenant, [
    { ...event, user_id: 'ada/x', conversation_id: 'one', timestamp: at(24 * 40) },
    { ...event, user_id: 'ada/x', conversation_id: 'one', timestamp: at(50), error: 'timeout' },
    { ...event, user_id: 'ada/x', conversation_id: 'two', timestamp: at(49), input: 'Where is my mug?' },
    { ...event, user_id: 'ada/x', conversation_id: 'two', timestamp: at(48) },
    { ...event, user_id: 'bob', conversation_id: 'three', timestamp: at(2) },
  ]);
});

const rows = (page: Page) =>
  page.locator('tr[data-row]').evaluateAll((all) => all.map((row) => row.getAttribute('data-row')));

test('users are listed and sorted as the API does, and there are as many as the chart tells', async () => {
  await visit(list, {}, async ({ page }) => {
    await settled(page);
    expect(await rows(page)).toEqual(['bob', 'ada/x']);
    const { total } = await charted(page, 'Active users');
    const question = { metrics: ['users'], days: 7 };
    const { series } = await ask<{ series: { total: number }[] }>('/query', { tenant, body: question });
    expect(total).toBe(series[0]?.total);
    expect(total).toBe(2);
    await page.getByRole('columnheader', { name: 'Events' }).getByRole('button').click();
    await expect.poll(() => rows(page)).toEqual(['ada/x', 'bob']);
    const link = page.locator('tr[data-row="ada/x"]').getByRole('link', { name: '3', exact: true });
    expect(await behind(page, link)).toEqual({ told: '3', listed: 3 });
  });
});

test('a phone sorts users by a row of buttons, of which one is on', async () => {
  await visit(list, { viewport: NARROW, isMobile: true, hasTouch: true }, async ({ page }) => {
    await settled(page);
    const sort = (name: string) => page.getByRole('columnheader').getByRole('button', { name, exact: true });
    expect(await sort('Events').getAttribute('aria-pressed')).toBe('false');
    await sort('Events').tap();
    await expect.poll(() => rows(page)).toEqual(['ada/x', 'bob']);
    expect(await sort('Events').getAttribute('aria-pressed')).toBe('true');
    expect(await sort('Last seen').getAttribute('aria-pressed')).toBe('false');
  });
});

test('a part of an id finds users, and the address keeps it', async () => {
  await visit(list, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('searchbox', { name: 'Find users' }).fill('OB');
    await expect.poll(() => rows(page)).toEqual(['bob']);
    expect(page.url()).toContain('q=OB');
    await page.getByRole('searchbox').fill('nobody');
    await page.getByText(/^No user of this range has .*nobody.* in the id/).waitFor();
  });
});

test('a user has a profile of all time, and an activity and a timeline of the range', async () => {
  await visit(list, {}, async ({ page }) => {
    await settled(page);
    await page.locator('tr[data-row="ada/x"]').click();
    await page.waitForURL('**/ui/user/ada%2Fx**');
    await settled(page);
    const ever = page.getByRole('region', { name: 'Ever' });
    expect(await ever.locator('.number').allInnerTexts()).toEqual(['4', '1', '2']);
    const inRange = page.getByRole('region', { name: 'In the range: Last 7 days' });
    expect(await inRange.locator('.number').allInnerTexts()).toEqual(['3', '2', '1']);
    expect((await charted(page, 'Events')).values.reduce((sum, value) => sum + value)).toBe(3);
    expect(await page.locator('tr[data-row]').count()).toBe(3);
    expect(await behind(page, page.locator('dl').getByRole('link', { name: '4' }))).toEqual({ told: '4', listed: 4 });
  });
});

test('a row of the timeline opens its event, and Escape gives the focus back', async () => {
  await visit(ada, {}, async ({ page }) => {
    await settled(page);
    const row = page.locator('tr[data-row]').nth(1);
    await row.click();
    await page.getByRole('complementary').last().getByText('Where is my mug?').waitFor();
    const id = new URL(page.url()).searchParams.get('event');
    expect(await row.getAttribute('data-row')).toBe(id);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe(id);
  });
});

test('a user whom there is not is said to be nobody', async () => {
  await visit(`/ui/user/nobody?tenant=${tenant}`, {}, async ({ page, faults }) => {
    await page.getByText('user not found').waitFor();
    // The browser tells of the 404 that the API answers with.
    expect(faults.splice(0)).toHaveLength(1);
  });
});

test('who comes meanwhile is announced, and shown when asked for', async () => {
  const other = ownTenant('arrivals');
  const event = { event_name: 'event_a', conversation_id: 'one' };
  const at = (ms: number) => new Date(ms).toISOString();
  await send(other, [{ ...event, timestamp: at(Date.now() - HOUR_MS), user_id: 'ada' }]);
  await visit(`/ui/users?tenant=${other}`, {}, async ({ page }) => {
    await settled(page);
    await send(other, [{ ...event, timestamp: at(Date.now()), user_id: 'carl' }]);
    await page.getByRole('button', { name: 'Refresh' }).click();
    const newer = page.getByRole('button', { name: 'This list has changed: show it anew' });
    await newer.waitFor();
    expect(await rows(page)).toEqual(['ada']);
    await newer.click();
    expect(await rows(page)).toEqual(['carl', 'ada']);
  });
});

test('users are right at both widths and in both schemes', async () => {
  await pictures(list, 'users');
});

test('a user is right at both widths and in both schemes', async () => {
  await pictures(`${ada}&compare=previous_period`, 'user');
});
