import { expect, test } from 'vitest';
import { pictures, visit } from './browser';

const API = process.env['MILLRACE_URL'] ?? 'http://127.0.0.1:8080';
/** A tenant that nobody has sent anything to. */
const fresh = () => `first-${Date.now()}-${Math.floor(Math.random() * 1e6)}`;

async function send(tenant: string): Promise<void> {
  const body = JSON.stringify({ conversation_id: 'chat-1', event_name: 'event_a', input: 'Hello?' });
  const answer = await fetch(`${API}/event?wait=true`, { method: 'POST', headers: { 'X-Tenant': tenant }, body });
  expect(answer.status).toBe(201);
}

test('the overview of a tenant without events says how to send one, and turns into itself when it comes', async () => {
  const tenant = fresh();
  await visit(`/ui/?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByText(`Waiting for the first event of the tenant ${tenant}`).waitFor();
    await send(tenant);
    const events = page.locator('figure', { hasText: 'Events' }).first().locator('.number');
    await events.waitFor();
    await expect.poll(() => events.textContent()).toBe('1');
  });
});

test('the page to get started names host and tenant, and says when the first event is here', async () => {
  const tenant = fresh();
  await visit(`/ui/get-started?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByText('Waiting for the first event').waitFor();
    const curl = page.getByRole('region', { name: 'Lines for curl', exact: true });
    expect(await curl.textContent()).toContain(`curl '${new URL(page.url()).origin}/event?wait=true'`);
    expect(await curl.textContent()).toContain(`X-Tenant: ${tenant}`);
    await send(tenant);
    await page.getByText('Your first event is here.').waitFor();
  });
});

test('a key is put into the lines where keys are asked for, and nowhere else', async () => {
  await visit('/ui/get-started', {}, async ({ page }) => {
    const data = { needs_key: true, tenant: 'acme', scopes: ['read'], ended: false, tenants: null };
    await page.route('**/ui/session', (route) => route.fulfill({ json: { success: true, data, request_id: 'told' } }));
    let answer = (): void => undefined;
    const typed = new Promise<void>((done) => (answer = done));
    await page.route('**/events?*', async (route) => (await typed, route.continue()));
    await page.reload();
    const curl = page.getByRole('region', { name: 'Lines for curl', exact: true });
    await expect.poll(() => curl.textContent()).toContain('Authorization: Bearer YOUR_KEY');
    await page.getByRole('textbox', { name: 'Key' }).fill('secret');
    // What becomes known meanwhile takes nothing away.
    answer();
    await page.getByText('Waiting for the first event').waitFor();
    expect(await curl.textContent()).toContain('Authorization: Bearer secret');
    expect(page.url()).not.toContain('secret');
  });
});

test('the page to get started is right at both widths and in both schemes', async () => {
  await pictures(`/ui/get-started?tenant=${fresh()}`, 'get-started', async (page) => {
    await page.getByText('Waiting for the first event').waitFor();
  });
});
