import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';

// Which rules are in force is up to the server, so what it would tell of alerts is told here.
const ID = 'de770023-b1ee-8371-b31f-49bd943be45';
const alert = (n: number, changed: object) => ({
  id: `${ID}${n}`, rule: 'low stock', tenant: 'default', key: { 'properties.sku': `A-${n}` }, state: 'open',
  fired_at: `2026-11-27T10:0${9 - n}:02.723Z`, acknowledged_at: null, resolved_at: null, value: null,
  message: `inventory.low_stock: properties.sku = A-${n}`, ...changed,
}); // prettier-ignore

/** Answers in the place of the server; acknowledging changes what it answers. */
async function serve(page: Page): Promise<void> {
  const alerts = [
    alert(0, {
      rule: 'payments fail',
      key: {},
      value: 0.25,
      message: 'error_rate of the last 15m is 25%, over 5% (40 events)',
    }),
    alert(1, {}),
    alert(2, { state: 'acknowledged', acknowledged_at: '2026-11-27T10:09:00.000Z' }),
    alert(3, { state: 'resolved', resolved_at: '2026-11-27T10:08:08.670Z' }),
  ];
  const good = (data: unknown) => ({ json: { success: true, data, request_id: 'told' } });
  const status = { rules: 2, evaluates: true, evaluated_at: '2026-11-27T10:09:10.815Z', failing: [], unreadable: null };
  const pipeline = { lag: 0, oldest_age_ms: 0, dead_letters: 0, partitions: null, alerts: status };
  await page.route('**/pipeline', (route) => route.fulfill(good(pipeline)));
  await page.route('**/alerts?*', (route) => {
    const state = new URL(route.request().url()).searchParams.get('state');
    return route.fulfill(good(alerts.filter((each) => !state || each.state === state)));
  });
  await page.route('**/alerts/*/ack', (route) => {
    const found = alerts.find(({ id }) => route.request().url().includes(id));
    if (found) found.state = 'acknowledged';
    return route.fulfill(good(found));
  });
  await page.reload();
  await page.getByRole('table', { name: 'Open alerts' }).waitFor();
  await settled(page);
}
const rows = (page: Page, table: string) =>
  page.getByRole('table', { name: table, exact: true }).locator('tr[data-row]');

test('what is open stands first, the history is chosen by state and rule', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await page.getByText('2 rules are in force').waitFor();
    expect(await rows(page, 'Open alerts').count()).toBe(2);
    expect(await rows(page, 'Alerts').count()).toBe(4);
    await page.getByRole('button', { name: 'resolved', exact: true }).click();
    await expect.poll(() => rows(page, 'Alerts').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('state')).toBe('resolved');
    await page.goBack();
    await page.getByRole('combobox', { name: 'Rule' }).selectOption('payments fail');
    await expect.poll(() => rows(page, 'Alerts').count()).toBe(1);
  });
});

test('an alert that is acknowledged is no longer open', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await page.getByRole('button', { name: 'Acknowledge low stock' }).first().click();
    // At once, not with the next look that comes by itself.
    await expect.poll(() => rows(page, 'Open alerts').count(), { timeout: 4_000 }).toBe(1);
  });
});

test('a row opens the alert, which leads to the events of its key', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await rows(page, 'Alerts').nth(1).click();
    expect(new URL(page.url()).searchParams.get('alert')).toBe(`${ID}1`);
    const href = await page.getByRole('link', { name: 'Events of this key around then' }).getAttribute('href');
    expect(href).toContain('f=properties.sku:is:A-1');
    expect(href).toContain('from=2026-11-27T09:08:02.723Z&to=2026-11-27T11:08:02.723Z');
    await page.keyboard.press('Escape');
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, `${ID}1`);
  });
});

test('an alert that was opened among the open ones walks those, and gives them the focus back', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await page.getByRole('button', { name: 'resolved', exact: true }).click();
    await expect.poll(() => rows(page, 'Alerts').count()).toBe(1);
    const opened = () => new URL(page.url()).searchParams.get('alert');
    await rows(page, 'Open alerts').first().click();
    await page.getByRole('heading', { name: 'payments fail' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await expect.poll(opened).toBe(`${ID}1`);
    await page.keyboard.press('ArrowDown');
    expect(opened()).toBe(`${ID}1`);
    await page.keyboard.press('Escape');
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, `${ID}1`);
  });
});

test('the alerts are right at both widths and in both schemes', async () => {
  await pictures('/ui/alerts', 'alerts', serve);
  await pictures('/ui/alerts', 'alerts-none');
});
