// Where no keys are asked for, the address says whose events are shown: never those of another.
import { beforeAll, expect, test } from 'vitest';
import { settled, visit } from './browser';
import { ownTenant, send } from './data';
import { kept, shownTogether, watchFor } from './seen';
import type { Page, Route } from 'playwright-core';

const ONE = { tenant: ownTenant('one'), secret: 'secret.one' };
const OTHER = { tenant: ownTenant('other'), secret: 'secret.other' };
const PAGES = ['', 'explorer', 'sessions', 'errors', 'users', 'search?q=secret'];

const tell = ({ tenant, secret }: typeof ONE) =>
  send(tenant, [
    {
      event_name: secret,
      conversation_id: secret,
      user_id: secret,
      error: secret,
      input: secret,
      timestamp: new Date().toISOString(),
    },
  ]);
beforeAll(async () => {
  for (const one of [ONE, OTHER]) await tell(one);
});

/** Answers of this tenant wait until they are let go. */
async function hold(page: Page, tenant: string): Promise<{ any: Promise<void>; letGo: () => Promise<void> }> {
  const held: Route[] = [];
  let first: () => void;
  const any = new Promise<void>((done) => (first = done));
  const of = (route: Route) => {
    if (route.request().headers()['x-tenant'] !== tenant) return route.fallback();
    held.push(route);
    first();
    return undefined;
  };
  await page.route('**', of);
  return {
    any,
    letGo: async () => {
      await page.unroute('**', of);
      // Those that the page has given up can't be let go.
      await Promise.all(held.map((route) => route.continue().catch(() => undefined)));
    },
  };
}

async function choose(page: Page, tenant: string): Promise<void> {
  await page.getByRole('button', { name: /^Tenant / }).click();
  await page.getByRole('combobox', { name: 'Tenant' }).fill(tenant);
  await page.keyboard.press('Enter');
  await page.waitForFunction((name) => new URLSearchParams(location.search).get('tenant') === name, tenant);
}

const shown = (page: Page, { secret }: typeof ONE) => page.locator('main').getByText(secret).first();

for (const path of PAGES) {
  test(`nothing of another tenant is seen at /${path}, while answers wait or when they are late`, async () => {
    const address = `/ui/${path}${path.includes('?') ? '&' : '?'}tenant=${ONE.tenant}`;
    await visit(address, {}, async ({ page }) => {
      await shown(page, ONE).waitFor();
      await watchFor(page, [ONE.secret, `tenant=${OTHER.tenant}`]);
      const slow = await hold(page, OTHER.tenant);
      await choose(page, OTHER.tenant);
      await slow.any;
      await slow.letGo();
      await shown(page, OTHER).waitFor();
      await settled(page);
      expect(await shownTogether(page)).toEqual([]);

      const late = await hold(page, ONE.tenant);
      await page.goBack();
      await late.any;
      await page.goForward();
      await late.letGo();
      await shown(page, OTHER).waitFor();
      await settled(page);
      expect(await shownTogether(page)).toEqual([]);
      expect(await kept(page), 'nothing is kept that another could find').toBe(0);
    });
  });
}

test('the live tail of a tenant ends with its page', async () => {
  await visit(`/ui/explorer?live=on&tenant=${ONE.tenant}`, {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await tell(ONE);
    const table = page.getByRole('table', { name: 'Accepted just now' });
    await table.getByText(ONE.secret).first().waitFor();
    await watchFor(page, [ONE.secret, `tenant=${OTHER.tenant}`]);
    await choose(page, OTHER.tenant);
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await tell(OTHER);
    await table.getByText(OTHER.secret).first().waitFor();
    expect(await shownTogether(page)).toEqual([]);
  });
});
