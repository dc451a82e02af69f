import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';

// Which rules are in force is up to the server, so what it would tell of alerts is told here.
const EVENT = '01a21456-5a60-7b95-8f48-7653c7c8b06';
const ID = 'de770023-b1ee-8371-b31f-49bd943be45';
const alert = (n: number, changed: object) => ({
  id: `${ID}${n}`, rule: 'low stock', tenant: 'default', key: { 'properties.sku': `A-${n}` }, state: 'open',
  fired_at: `2026-11-27T10:0${9 - n}:02.723Z`, acknowledged_at: null, resolved_at: null, value: null,
  event: `${EVENT}${n}`, measured: null,
  message: `inventory.low_stock: properties.sku = A-${n}`, ...changed,
}); // prettier-ignore

/** Answers in the place of the server; acknowledging changes what it answers. */
async function serve(page: Page): Promise<void> {
  const alerts = [
    alert(0, {
      rule: 'payments fail',
      key: {},
      event: null,
      value: 0.25,
      measured: {
        metric: 'error_rate',
        filters: [{ field: 'event_name', op: 'starts_with', values: ['payment.'] }],
        from: '2026-11-27T09:54:02.000Z',
        to: '2026-11-27T10:09:02.001Z',
      },
      message: 'error_rate of the last 15m is 25%, over 5% (40 events)',
    }),
    alert(1, {}),
    alert(2, { state: 'acknowledged', acknowledged_at: '2026-11-27T10:09:00.000Z' }),
    alert(3, { state: 'resolved', resolved_at: '2026-11-27T10:08:08.670Z' }),
  ];
  const good = (data: unknown) => ({ json: { success: true, data, request_id: 'told' } });
  const status = { rules: 2, evaluates: true, evaluated_at: '2026-11-27T10:09:10.815Z', failing: [], unreadable: null };
  const pipeline = { lag: 0, committed: 0, oldest_age_ms: 0, dead_letters: 0, partitions: null, alerts: status };
  const rules = [
    { rule: 'low stock', of: 'event', event: 'inventory.low_stock', key: ['properties.sku'], resolved_by: null },
    {
      rule: 'payments fail',
      of: 'metric',
      metric: 'error_rate',
      filters: [{ field: 'event_name', op: 'starts_with', values: ['payment.'] }],
      window: '15m',
      over: 0.05,
      under: null,
      min_events: 20,
    },
  ];
  await page.route('**/alerts/rules', (route) => route.fulfill(good(rules)));
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
    await page.getByText('Error rate of the last 15m is over 5%').waitFor();
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

test('an alert of a metric leads to the very events that it was measured of', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await rows(page, 'Open alerts').first().click();
    const leadsTo = (name: string) => page.getByRole('link', { name }).getAttribute('href');
    const all = await leadsTo('The events it was measured of');
    for (const part of [
      'f=event_name:starts_with:payment.',
      'from=2026-11-27T09:54:02.000Z',
      'to=2026-11-27T10:09:02.001Z',
      'metric=error_rate',
    ])
      expect(all).toContain(part);
    expect(await leadsTo('The errors among them')).toContain('f=error:set');
  });
});

test('a rule shows its alerts alone', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await page.getByRole('button', { name: 'payments fail', exact: true }).click();
    await expect.poll(() => rows(page, 'Open alerts').count()).toBe(1);
    expect(await rows(page, 'Alerts').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('rule')).toBe('payments fail');
  });
});

test('what is open is counted on every page, and named on the Overview', async () => {
  await visit('/ui/alerts', {}, async ({ page }) => {
    await serve(page);
    await page.getByRole('link', { name: 'Alerts 2 open' }).waitFor();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    const open = page.getByRole('region', { name: 'Open alerts' });
    await open.getByText('error_rate of the last 15m is 25%').waitFor();
    await open.getByRole('link', { name: 'payments fail' }).click();
    await page.getByRole('button', { name: 'payments fail', exact: true, pressed: true }).waitFor();
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
