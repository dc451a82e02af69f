// What holds on every page: history, sharing, notices, the states of tiles.
import { describe, expect, test } from 'vitest';
import { NARROW, search, settled, visit } from './browser';

test('a page that is left asks nothing of the address of the next one', async () => {
  await visit('/ui/users', {}, async ({ page }) => {
    await settled(page);
    const late: string[] = [];
    page.on('request', (request) => new URL(request.url()).pathname === '/users' && late.push(request.url()));
    await page.getByRole('link', { name: 'Errors', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Errors', level: 1 }).waitFor();
    await settled(page);
    expect(late).toEqual([]);
  });
});

test('what is shared is the same for somebody elsewhere', async () => {
  await visit('/ui/?range=24h', { permissions: ['clipboard-read', 'clipboard-write'] }, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(link.searchParams.get('tz')).toBe('Europe/Berlin');
    expect(Date.parse(link.searchParams.get('to') ?? '') - Date.parse(link.searchParams.get('from') ?? '')).toBe(
      86_400_000,
    );
  });
});

test('what is not understood is said, and can be dismissed', async () => {
  await visit('/ui/?range=8d&f=x:is:y', {}, async ({ page }) => {
    await settled(page);
    expect(await page.locator('.notices p').count()).toBe(2);
    expect(search(page).size).toBe(0);
    await page.getByRole('button', { name: 'Dismiss' }).first().click();
    expect(await page.locator('.notices p').count()).toBe(1);
  });
});

describe('a tile', () => {
  const failing = (status: number) => ({
    status,
    contentType: 'application/json',
    body: JSON.stringify({ success: false, error: 'It takes too much.', code: 'query_too_large', request_id: 'r-1' }),
  });

  test('fails alone, says what to do, and can be asked again', async () => {
    await visit('/ui/', {}, async ({ page, faults }) => {
      await settled(page);
      await page.route('**/query', (route) => route.fulfill(failing(422)), { times: 2 });
      await page.reload();
      await page.getByText('Choose a shorter range').first().waitFor();
      await page.getByRole('table', { name: 'Newest errors' }).waitFor();
      await page.getByRole('button', { name: 'Retry' }).first().click();
      await page.locator('figure canvas').first().waitFor();
      expect(faults.splice(0).every((fault) => fault.includes('422'))).toBe(true);
    });
  });

  test('comes again by itself when the server is busy for a moment', async () => {
    await visit('/ui/', {}, async ({ page, faults }) => {
      await settled(page);
      await page.route('**/query', (route) => route.fulfill({ ...failing(429), headers: { 'Retry-After': '1' } }), {
        times: 2,
      });
      await page.reload();
      await page.locator('figure canvas').first().waitFor();
      expect(faults.splice(0).every((fault) => fault.includes('429'))).toBe(true);
    });
  });

  test('that takes long says so and can be cancelled', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      await page.route('**/query', () => new Promise(() => undefined));
      await page.reload();
      await page.getByRole('progressbar').first().waitFor();
      await page.getByRole('button', { name: 'Cancel' }).first().click();
      await page.getByText('Cancelled.').waitFor();
    });
  });

  test('without anything says which filter to drop', async () => {
    await visit('/ui/?f=event_name:is:nothing', {}, async ({ page }) => {
      await settled(page);
      await page.getByRole('button', { name: 'event_name is nothing', exact: true }).first().click();
      await page.waitForFunction(() => !location.search.includes('f='));
    });
  });
});

test('a range of times fits a narrow window', async () => {
  const times = 'from=2026-11-20T20:02:47.652Z&to=2026-11-21T20:02:47.653Z&compare=previous_period';
  for (const hasTouch of [true, false])
    await visit(`/ui/?${times}`, { viewport: NARROW, hasTouch }, async ({ page }) => {
      await settled(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(NARROW.width);
      const next = await page.getByRole('button', { name: 'Next period' }).boundingBox();
      expect((next?.x ?? Infinity) + (next?.width ?? 0)).toBeLessThanOrEqual(NARROW.width);
      const cut = (button: Element) => button.scrollWidth > button.clientWidth;
      expect(await page.getByRole('button', { name: /^Range of time/ }).evaluate(cut)).toBe(false);
    });
});

test('on a narrow screen the navigation is a drawer', async () => {
  await visit('/ui/', { viewport: NARROW }, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Explorer' }).click();
    await page.waitForFunction(() => location.pathname === '/ui/explorer');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

test('another tenant is another address', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Tenant default' }).click();
    await page.getByRole('combobox', { name: 'Tenant' }).fill('nobody');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.search === '?tenant=nobody');
    await page.getByRole('button', { name: 'Tenant nobody' }).waitFor();
  });
});

describe('where keys are asked for', () => {
  const who = (tenant: string | null, ended = false) =>
    JSON.stringify({ data: { needs_key: true, tenant, scopes: tenant ? ['read'] : [], ended, tenants: null } });

  test('somebody signs in first, and the key decides the tenant', async () => {
    await visit('/ui/?tenant=other', {}, async ({ page, faults }) => {
      await page.route('**/ui/session', async (route) => {
        if (route.request().method() === 'GET') return route.fulfill({ body: who(null) });
        const { key } = route.request().postDataJSON() as { key: string };
        return key === 'right' ? route.fulfill({ body: who('acme') }) : route.fulfill({ status: 401, body: '{}' });
      });
      await page.reload();
      await page.getByLabel('Key').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('This key is not known.').waitFor();
      await page.getByLabel('Key').fill('right');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Tenant acme' }).waitFor();
      expect(search(page).get('tenant')).toBeNull();
      expect(faults.splice(0).every((fault) => fault.includes('401'))).toBe(true);
    });
  });

  test('a session that ends is told, and one signs in again', async () => {
    await visit('/ui/', {}, async ({ page, faults }) => {
      await settled(page);
      await page.route('**/ui/session', (route) => route.fulfill({ body: who(null, true) }));
      await page.route('**/query', (route) => route.fulfill({ status: 401, body: '{}' }));
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByText('Your session has ended').waitFor();
      expect(faults.splice(0).every((fault) => fault.includes('401'))).toBe(true);
    });
  });
});

test('what is printed is the content alone', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.screenshot({ path: 'e2e/screenshots/print.png', fullPage: true });
  });
});
