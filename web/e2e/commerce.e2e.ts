import { expect, test } from 'vitest';
import { ask, countBehind, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';
import { listed } from './lists';
import { behind, charted, ownTenant, send } from './data';

const { from, to, timezone } = daysBefore(3);
const range = `from=${from}&to=${to}`;
const query = { from, to, timezone };
const ofName = (name: string) => [{ field: 'event_name', op: 'is', values: [name] }];

interface Answer {
  series: { values: number[]; total: number }[];
}
const count = (name: string) =>
  ask<Answer>('/query', { body: { metrics: ['events'], filters: ofName(name), ...query } });

test('orders are those of the API, and lead to as many events', async () => {
  const [told] = (await count('order.created')).series;
  await visit(`/ui/commerce?${range}`, {}, async ({ page }) => {
    await settled(page);
    expect(await charted(page, 'Orders')).toEqual({ total: told?.total, values: told?.values });
    const orders = page.locator('main figure', { hasText: 'Orders' }).first().locator('a.number');
    const found = await behind(page, orders);
    expect(found.listed).toBe(told?.total);
    expect(numberOf(found.told)).toBe(told?.total);
    expect(found.listed).toBeGreaterThan(0);
  });
});

test('amounts by place are those of the API, and a row opens its orders', async () => {
  type Row = { location_id: string | null; currency: string | null; orders: number; revenue: number };
  // A day is of one month.
  const day = daysBefore(1);
  const rows = await ask<Row[]>('/analytics/revenue', { query: { ...day, interval: 'month', by: 'location' } });
  await visit(`/ui/commerce?from=${day.from}&to=${day.to}`, {}, async ({ page }) => {
    await settled(page);
    const table = page.getByRole('table', { name: 'Amounts by place' });
    const told = await table.locator('tbody td:nth-child(4)').allInnerTexts();
    expect(told.map(numberOf)).toEqual(rows.map(({ revenue }) => revenue).toSorted((a, b) => b - a));
    const [first] = rows.toSorted((a, b) => b.revenue - a.revenue);
    await table.locator('tr[data-row]').first().click();
    await page.waitForURL(/properties.location_id/);
    expect(await countBehind(page.url())).toBe(first?.orders);
  });
});

test('amounts are those of the API, and orders of a currency lead to as many events', async () => {
  const months = await ask<{ start: string; currency: string | null; orders: number; revenue: number }[]>(
    '/analytics/revenue',
    {
      query: { ...query, interval: 'month' },
    },
  );
  const days = await ask<{ currency: string | null; revenue: number; start: string }[]>('/analytics/revenue', {
    query,
  });
  await visit(`/ui/commerce?${range}`, {}, async ({ page }) => {
    await settled(page);
    const figure = page.locator('main figure', { hasText: 'Amounts by currency' });
    const links = figure.locator('li a');
    for (const link of await links.all()) {
      const shown = numberOf((await link.innerText()).replace(' orders', ''));
      expect(await countBehind((await link.getAttribute('href')) ?? '')).toBe(shown);
    }
    await page.getByRole('button', { name: 'Amounts by currency: table' }).click();
    const revenue = await figure.locator('tbody td:nth-child(4)').allInnerTexts();
    // What has no currency stands last.
    const told = months.toSorted((a, b) => a.start.localeCompare(b.start) || Number(!a.currency) - Number(!b.currency));
    expect(revenue.map(numberOf)).toEqual(told.map((month) => month.revenue));
    expect(revenue.length).toBeGreaterThan(0);

    const eur = days.filter(({ currency, revenue: amount }) => currency === 'EUR' && amount !== 0);
    await page.getByRole('button', { name: 'Revenue, EUR: table' }).click();
    const values = await page.locator('figure', { hasText: 'Revenue, EUR' }).locator('tbody td').allInnerTexts();
    expect(values.map(numberOf).filter((value) => value !== 0)).toEqual(eur.map((day) => day.revenue));
  });
});

test('no digit of an amount is lost', async () => {
  const tenant = ownTenant('money');
  const properties = { order_id: 'o-1', total_amount: '12345678901234.5678', currency: 'EUR' };
  const order = { event_name: 'order.created', conversation_id: 'web-1', timestamp: new Date().toISOString() };
  await send(tenant, [{ ...order, properties }]);
  await visit(`/ui/commerce?tenant=${tenant}`, {}, async ({ page }) => {
    await settled(page);
    const figure = page.locator('main figure', { hasText: 'Amounts by currency' });
    expect(await figure.locator('dd').first().innerText()).toBe('12,345,678,901,234.57');
    expect(await figure.locator('dd').first().getAttribute('title')).toBe('12,345,678,901,234.5678');
    await page.getByRole('button', { name: 'Amounts by currency: table' }).click();
    expect(await figure.locator('td:nth-child(4)').innerText()).toBe('12,345,678,901,234.5678');
  });
});

test('the outcomes of orders and the registered are those of the API', async () => {
  const { cart, funnel } = await ask<{
    cart: Record<'orders' | 'paid' | 'cancelled' | 'abandoned' | 'open', number>;
    funnel: { steps: { users: number }[] };
  }>('/analytics/conversion', { query });
  await visit(`/ui/commerce?${range}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'What becomes of orders: table' }).click();
    const shown = await page.locator('figure', { hasText: 'What becomes of orders' }).locator('td').allInnerTexts();
    expect(shown.map(numberOf)).toEqual([cart.paid, cart.cancelled, cart.abandoned, cart.open]);
    await page.locator('figure', { hasText: 'From registration to payment' }).locator('a.users').last().click();
    expect(await listed(page, /^Who took .*payment\.processed/)).toBe(funnel.steps[2]?.users);
  });
});

test('what no list has leads to the nearest one', async () => {
  const { steps } = await ask<{ steps: { users: number }[] }>('/funnel', {
    body: {
      steps: ['order.created', 'payment.processed'].map((name) => ({ name, filters: ofName(name) })),
      window: '24h',
      ...query,
    },
  });
  await visit(`/ui/commerce?${range}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('link', { name: /^users who ordered and did not pay within 24 hours/ }).click();
    const unpaid = (steps[0]?.users ?? 0) - (steps[1]?.users ?? 0);
    await page.getByText(`${unpaid.toLocaleString('en')} users. Each has`).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'all orders, payments and refunds' }).click();
    await page.getByRole('columnheader', { name: 'refund_amount' }).waitFor();
  });
});

test('a product that was out of stock leads to the events that said so', async () => {
  const { out_of_stock: out } = await ask<{ out_of_stock: { count: number }[] }>('/analytics/inventory', { query });
  await visit(`/ui/commerce?part=inventory&${range}`, {}, async ({ page }) => {
    await settled(page);
    const row = page.getByRole('table', { name: 'Ran out of stock' }).locator('tbody tr').first();
    expect((await behind(page, row)).listed).toBe(out[0]?.count);
  });
});

test('registrations by source are those of the API, and lead to as many events', async () => {
  const [told] = (await count('user.registered')).series;
  await visit(`/ui/commerce?part=customers&${range}`, {}, async ({ page }) => {
    await settled(page);
    expect((await charted(page, 'Registrations')).total).toBe(told?.total);
    const bars = page.locator('figure', { hasText: 'By source' }).locator('li');
    let all = 0;
    for (const bar of await bars.all()) {
      const shown = numberOf(await bar.locator('span').last().innerText());
      expect(await countBehind((await bar.locator('a').getAttribute('href')) ?? '')).toBe(shown);
      all += shown;
    }
    expect(all).toBe(told?.total);
  });
});

test('the hours of the day and the products are those of the API', async () => {
  const { peak_hours: hours } = await ask<{ peak_hours: { events: number }[] }>('/analytics/operations', { query });
  const products = await ask<{ units: number }[]>('/analytics/products', { query: { ...query, order: 'units' } });
  await visit(`/ui/commerce?part=operations&${range}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'The hours of the day: table' }).click();
    const shown = await page.locator('figure', { hasText: 'The hours of the day' }).locator('td').allInnerTexts();
    expect(shown.map(numberOf)).toEqual(hours.map(({ events }) => events));
    await page.getByRole('link', { name: 'Products' }).click();
    await page.getByRole('button', { name: 'Units' }).click();
    await settled(page);
    const units = page.getByRole('table', { name: 'Products' }).locator('tbody tr td:nth-child(4)');
    expect(numberOf(await units.first().innerText())).toBe(products[0]?.units);
  });
});

for (const part of ['sales', 'products', 'inventory', 'customers', 'operations']) {
  test(`commerce, ${part}, is right at both widths and in both schemes`, async () => {
    await pictures(`/ui/commerce?${range}${part === 'sales' ? '' : `&part=${part}`}`, `commerce-${part}`);
  });
}
