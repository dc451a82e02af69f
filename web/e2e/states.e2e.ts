// Pictures of what opens above a page.
import { test } from 'vitest';
import { pictures, settled } from './browser';

test('the range picker', () =>
  pictures('/ui/?from=2026-11-01&to=2026-11-08', 'range', async (page) => {
    await settled(page);
    await page.getByRole('button', { name: /^Range of time/ }).click();
    await page.getByRole('button', { name: 'Show these days' }).waitFor();
  }));

test('the editor of a filter', () =>
  pictures('/ui/?f=event_name:is:order.created,payment.failed&f=latency:gt:500', 'filter', async (page) => {
    await settled(page);
    await page.getByRole('button', { name: /^Edit the filter event_name/ }).click();
    await page.getByRole('option', { name: 'product.viewed' }).waitFor();
  }));

test('the help', () =>
  pictures('/ui/', 'help', async (page) => {
    await settled(page);
    await page.getByRole('button', { name: 'Help and keys' }).click();
    await page.getByRole('dialog', { name: 'Help' }).waitFor();
  }));

test('an event beside the explorer', () =>
  pictures('/ui/explorer?f=event_name:is:order.created', 'event', async (page) => {
    await settled(page);
    await page.locator('tr[data-row]').nth(1).click();
    await page.getByRole('complementary').getByText('Properties').waitFor();
  }));

test('the sign-in', () =>
  pictures('/ui/', 'sign-in', async (page) => {
    const data = { needs_key: true, tenant: null, scopes: [], ended: true, tenants: null };
    await page.route('**/ui/session', (route) => route.fulfill({ body: JSON.stringify({ data }) }));
    await page.reload();
    await page.getByLabel('Key').waitFor();
  }));
