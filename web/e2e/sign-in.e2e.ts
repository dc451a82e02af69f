// Where keys are asked for: a server of its own, with a key for each of two tenants.
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settled, visit } from './browser';
import { send } from './data';
import { startMillrace, type Own } from './own';
import { kept, shownTogether, watchFor } from './seen';
import type { BrowserContext, Page, Route } from 'playwright-core';

const KEYS = { acme: randomUUID(), other: randomUUID() };
type Name = keyof typeof KEYS;
const NAMES = Object.keys(KEYS) as Name[];
const entry = (name: Name) => `${name}:ingest+read:${createHash('sha256').update(KEYS[name]).digest('hex')}`;

let own: Own;
beforeAll(async () => {
  own = await startMillrace({ API_KEYS: NAMES.map(entry).join(',') });
  for (const name of NAMES)
    await send(
      name,
      [
        {
          event_name: `secret.${name}`,
          conversation_id: 'sign-in',
          timestamp: new Date().toISOString(),
          properties: { [`only_${name}`]: 1 },
        },
      ],
      { api: own.api, key: KEYS[name] },
    );
});
afterAll(() => own?.end());

const secret = (page: Page, name: Name) => page.locator('main').getByText(`secret.${name}`).first();
const path = (page: Page): string => page.url().slice(own.page.length);

async function give(page: Page, key: string): Promise<void> {
  await page.getByLabel('Key').fill(key);
  await page.keyboard.press('Enter');
}
async function signIn(page: Page, name: Name): Promise<void> {
  await give(page, KEYS[name]);
  await page.getByRole('button', { name: `Tenant ${name}` }).waitFor();
}

/** Makes the session that the browser has one that does not count: as when its time is over. */
async function spoil(context: BrowserContext): Promise<void> {
  const cookies = await context.cookies();
  expect(cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
    { name: 'millrace_session', httpOnly: true, sameSite: 'Strict' },
  ]);
  await context.addCookies(cookies.map((cookie) => ({ ...cookie, value: `x${cookie.value.slice(1)}` })));
}

/** Refusals are told in the console; that they were is all that may be. */
const onlyRefused = (faults: string[]): void =>
  expect(faults.splice(0).filter((fault) => !/status of 40[13]/.test(fault))).toEqual([]);

test('a wrong key is told, asks nothing, and is forgotten; the right one leads to the address that was opened', async () => {
  const address = '/ui/explorer?range=24h&f=event_name:is:secret.acme';
  await visit(address, { baseURL: own.page }, async ({ page, faults }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.reload();
    await give(page, 'wrong');
    await page.getByText('This key is not known.').waitFor();
    expect(asked.filter((one) => !one.startsWith('/ui/'))).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.getByLabel('Key').inputValue()).toBe('');
    expect(path(page)).toBe(address);
    await signIn(page, 'acme');
    await secret(page, 'acme').waitFor();
    expect(path(page)).toBe(address);
    expect(await kept(page), 'no key is kept').toBe(0);
    onlyRefused(faults);
  });
});

test('a session that is over leads to the sign-in, by a click or a reload, and back to the same address', async () => {
  const address = '/ui/explorer?range=24h&by=event_name';
  await visit(address, { baseURL: own.page }, async ({ page, faults }) => {
    await signIn(page, 'acme');
    const ways = [() => page.getByRole('button', { name: 'Refresh' }).click(), () => page.reload()];
    for (const way of ways) {
      await secret(page, 'acme').waitFor();
      await spoil(page.context());
      await way();
      await page.getByText('Your session has ended').waitFor();
      expect((await page.content()).includes('secret.acme'), 'nothing of it stays').toBe(false);
      await signIn(page, 'acme');
      expect(path(page)).toBe(address);
    }
    onlyRefused(faults);
  });
});

test('who can not be signed out is told so', async () => {
  await visit('/ui/', { baseURL: own.page }, async ({ page, faults }) => {
    await signIn(page, 'acme');
    const away = (route: Route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue());
    await page.route('**/ui/session', away);
    await page.getByRole('button', { name: 'Tenant acme' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Still signed in:').waitFor();
    expect(faults.splice(0).filter((fault) => !fault.includes('ERR_FAILED'))).toEqual([]);
    await page.unroute('**/ui/session');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor();
    onlyRefused(faults);
  });
});

test('who signs in after another sees nothing of what that one saw', async () => {
  await visit('/ui/', { baseURL: own.page }, async ({ page, faults }) => {
    await signIn(page, 'acme');
    await secret(page, 'acme').waitFor();
    const offered = async (name: Name) => {
      await page.keyboard.press('/');
      await page.getByRole('combobox', { name: 'Field' }).fill('only_');
      await page.getByRole('option', { name: `only_${name}` }).waitFor();
      return page.getByRole('option').allInnerTexts();
    };
    await settled(page);
    expect(await offered('acme')).toHaveLength(1);
    await page.keyboard.press('Escape');
    await spoil(page.context());
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Your session has ended').waitFor();
    await watchFor(page, ['secret.acme']);
    await signIn(page, 'other');
    await secret(page, 'other').waitFor();
    await settled(page);
    expect((await offered('other')).join()).not.toContain('acme');
    expect(await shownTogether(page)).toEqual([]);
    onlyRefused(faults);
  });
});

test('a tab never shows the events of who has signed in by another tab as those of the one before', async () => {
  await visit('/ui/', { baseURL: own.page }, async ({ page, faults }) => {
    await signIn(page, 'acme');
    await secret(page, 'acme').waitFor();
    await watchFor(page, ['Tenant acme', 'secret.other']);
    const tab = await page.context().newPage();
    await tab.goto(own.page + '/ui/');
    await tab.getByRole('button', { name: 'Tenant acme' }).click();
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor();
    await expect.poll(async () => (await page.content()).includes('secret.acme')).toBe(false);
    await signIn(tab, 'other');
    await page.getByRole('button', { name: 'Tenant other' }).waitFor();
    await secret(page, 'other').waitFor();
    expect(await shownTogether(page)).toEqual([]);
    onlyRefused(faults);
  });
});

test('a tab that was not told notices by its next question whose session it is', async () => {
  await visit('/ui/', { baseURL: own.page }, async ({ page, faults }) => {
    await signIn(page, 'acme');
    await secret(page, 'acme').waitFor();
    await settled(page);
    await watchFor(page, ['Tenant acme', 'secret.other']);
    await page.context().request.post(`${own.page}/ui/session`, {
      data: { key: KEYS.other },
      headers: { 'Sec-Fetch-Site': 'same-origin' },
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('button', { name: 'Tenant other' }).waitFor();
    await secret(page, 'other').waitFor();
    expect(await shownTogether(page)).toEqual([]);
    onlyRefused(faults);
  });
});
