// What holds on every page: keys, history, sharing, notices, help, the states of tiles.
import { describe, expect, test } from 'vitest';
import { accessible, NARROW, settled, visit, WIDE } from './browser';
import type { Page } from 'playwright-core';

const search = (page: Page): URLSearchParams => new URL(page.url()).searchParams;
const chosen = (page: Page) =>
  Object.fromEntries(['compare', 'interval', 'range', 'from'].map((name) => [name, search(page).get(name)]));
const length = (page: Page): Promise<number> => page.evaluate(() => history.length);

describe('keys', () => {
  test('change the range, and Back undoes each', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      for (const [key, range] of [
        ['d', 'today'],
        ['e', 'yesterday'],
        ['h', '24h'],
        ['t', '30d'],
        ['m', 'month'],
      ] as const) /* prettier-ignore */ {
        await page.keyboard.press(key);
        expect(search(page).get('range')).toBe(range);
      }
      await page.keyboard.press('w');
      expect(search(page).get('range')).toBeNull();
      await page.goBack();
      expect(search(page).get('range')).toBe('month');
      await page.goBack();
      await page.keyboard.press('ArrowLeft');
      expect(search(page).get('from')).not.toBeNull();
      await page.keyboard.press('ArrowRight');
      expect(search(page).get('range')).toBe('30d');
    });
  });

  test('compare, choose buckets and help', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      await page.keyboard.press('x');
      expect(search(page).get('compare')).toBe('previous_period');
      await page.keyboard.press('i');
      expect(search(page).get('interval')).toBe('hour');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Help' }).waitFor();
      await page.keyboard.press('d');
      expect(search(page).get('range'), 'nothing happens behind a dialog').toBeNull();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });
  });

  test('choose nothing that nothing here goes by, and what was chosen stays for other pages', async () => {
    await visit('/ui/?compare=previous_period', {}, async ({ page }) => {
      await settled(page);
      await page.getByRole('link', { name: 'Funnels', exact: true }).first().click();
      await page.getByRole('heading', { name: 'Funnels', level: 1 }).waitFor();
      for (const key of ['x', 'i']) await page.keyboard.press(key);
      expect(chosen(page)).toEqual({ compare: 'previous_period', interval: null, range: null, from: null });
      expect(await page.getByRole('button', { name: 'Compare' }).count()).toBe(0);
      await page.getByRole('button', { name: /^Range of time/ }).click();
      await page.getByLabel('Time zone').waitFor();
      expect(await page.getByLabel('Buckets').count()).toBe(0);
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Get started', exact: true }).first().click();
      await page.getByRole('heading', { name: 'Get started', level: 1 }).waitFor();
      for (const key of ['d', 'ArrowLeft', '/']) await page.keyboard.press(key);
      expect(chosen(page)).toEqual({ compare: 'previous_period', interval: null, range: null, from: null });
      await page.getByRole('link', { name: 'Users', exact: true }).first().click();
      await page.getByRole('button', { name: 'Compare', pressed: true }).waitFor();
      expect(await page.getByRole('combobox', { name: 'Field' }).count()).toBe(0);
    });
  });

  test('do nothing with a modifier or while typing', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      await page.keyboard.press('Alt+d');
      await page.keyboard.press('/');
      await page.getByRole('combobox', { name: 'Field' }).waitFor();
      await page.keyboard.type('dehm?');
      expect(search(page).size).toBe(0);
    });
  });
});

test('a filter is made by the keyboard alone, edited and undone', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Field' }).waitFor();
    await page.getByRole('option').first().waitFor();
    await page.keyboard.type('event_n');
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'Value' }).waitFor();
    // Before the values of this text are there: Enter waits for them.
    await page.keyboard.type('order.c');
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: /^order.created chosen/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.search.includes('f=event_name:is:order.created'));
    await page.getByRole('button', { name: 'Edit the filter event_name is order.created' }).waitFor();
    await page.goBack();
    expect(search(page).get('f')).toBeNull();
  });
});

test('what is typed is a choice that is reached by the arrows, and the first one where a part is meant', async () => {
  const literal = /as typed$/;
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Field' }).waitFor();
    await page.keyboard.type('event_name');
    await page.keyboard.press('Enter');
    const value = page.getByRole('combobox', { name: 'Value' });
    await value.fill('order');
    await page.getByRole('option', { name: literal }).waitFor();
    const active = async () => page.locator(`[id="${await value.getAttribute('aria-activedescendant')}"]`).innerText();
    await expect.poll(active).toMatch(/^order\./);
    await accessible(page);
    await value.press('ArrowUp');
    for (let left = await page.getByRole('option').count(); left > 0; left--) await value.press('ArrowDown');
    expect(await active()).toMatch(literal);
    await page.getByRole('combobox', { name: 'Operator' }).selectOption('contains');
    await value.fill('orde');
    await value.fill('order');
    await expect.poll(active).toMatch(literal);
    await value.press('Enter');
    await value.press('Enter');
    await page.waitForFunction(() => location.search.includes('f=event_name:contains:order'));
  });
});

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

test('the help says what is shown and which keys there are, and leads to the API', async () => {
  for (const viewport of [WIDE, NARROW]) {
    await visit('/ui/', { viewport }, async ({ page }) => {
      await settled(page);
      await page.getByRole('button', { name: 'Help and keys' }).click();
      const help = page.getByRole('dialog', { name: 'Help' });
      for (const term of ['Numbers as of', 'Compare', '≈']) await help.getByText(term, { exact: true }).waitFor();
      await help.getByText('Previous period').waitFor();
      await accessible(page);
      expect(await help.getByRole('link', { name: 'the API' }).getAttribute('href')).toBe('/docs');
    });
  }
});

test('a percentile that is near its exact value says so', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await page.route('**/query', async (route) => {
      const response = await route.fetch();
      const told = (await response.json()) as { meta: object };
      await route.fulfill({
        response,
        json: { ...told, meta: { ...told.meta, approximate: true, relative_error: 0.01 } },
      });
    });
    await page.reload();
    await settled(page);
    const figure = (title: string) =>
      page.getByRole('figure').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
    expect(await figure('Latency, 95th percentile').locator('.stat').innerText()).toMatch(/^≈ .*within 1%/s);
    expect(await figure('Events').locator('.stat').innerText()).not.toMatch(/≈|within/);
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

test('what is compared with is named by its days, at the control and at each chart', async () => {
  for (const [range, against] of [
    ['from=2026-10-20&to=2026-10-27', '13–19 Oct 2026'],
    ['from=2026-10-25T23:00:00Z&to=2026-10-26T23:00:00Z', '25 Oct 2026'],
  ] as const) /* prettier-ignore */ {
    await visit(`/ui/?${range}`, { viewport: NARROW }, async ({ page }) => {
      await settled(page);
      await page.keyboard.press('x');
      await page.getByText(`against ${against}`, { exact: true }).waitFor();
      await settled(page);
      const figure = page.getByRole('figure').first();
      expect(await figure.locator('.readout').innerText()).toContain(against);
      expect(await figure.getByTitle(`Compared with ${against}`).count()).toBe(1);
    });
  }
});

describe('a chart', () => {
  test('zooms by a drag, which is one entry of the history', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      const before = await length(page);
      const plot = await page.locator('figure .u-over').first().boundingBox();
      if (!plot) throw new Error('no plot');
      await page.mouse.click(plot.x + plot.width * 0.27, plot.y + 40);
      expect(search(page).size, 'a click is no drag').toBe(0);
      await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 40);
      await page.mouse.down();
      await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 50, { steps: 5 });
      await page.mouse.up();
      await page.waitForFunction(() => location.search.includes('from='));
      expect(await length(page)).toBe(before + 1);
      await page.goBack();
      expect(search(page).get('from')).toBeNull();
    });
  });

  test('zooms by a finger that moves sideways', async () => {
    await visit('/ui/', { viewport: NARROW, hasTouch: true, isMobile: true }, async ({ page }) => {
      await settled(page);
      const plot = await page.locator('figure .u-over').first().boundingBox();
      if (!plot) throw new Error('no plot');
      const devtools = await page.context().newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', part?: number) =>
        devtools.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: part === undefined ? [] : [{ x: plot.x + plot.width * part, y: plot.y + 40 }],
        });
      await touch('touchStart', 0.2);
      for (const part of [0.3, 0.4, 0.5, 0.6]) await touch('touchMove', part);
      await touch('touchEnd');
      await page.waitForFunction(() => location.search.includes('from='));
    });
  });

  test('has a cursor for the keyboard, which all charts follow', async () => {
    await visit('/ui/', {}, async ({ page }) => {
      await settled(page);
      const sliders = page.getByRole('slider');
      await sliders.first().focus();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      expect(await sliders.first().getAttribute('aria-valuetext')).toMatch(/^\w{3} \d+ \w{3}: [\d,]+$/);
      const at = await sliders.evaluateAll((all) => all.map((slider) => slider.getAttribute('aria-valuenow')));
      expect(new Set(at)).toEqual(new Set(['5']));
      expect(search(page).size, 'arrows are the chart’s').toBe(0);
    });
  });

  test('is a table too, and a file of what that says', async () => {
    await visit('/ui/?compare=previous_period', {}, async ({ page }) => {
      await settled(page);
      await page.getByRole('button', { name: 'Events: table' }).click();
      const rows = page.getByRole('region', { name: 'Events, as a table' }).getByRole('row');
      expect(await rows.count()).toBe(8);
      const [, , against] = await rows.first().getByRole('columnheader').allInnerTexts();
      expect(against).toMatch(/^\d.* \d{4}$/);
      const table = (await rows.nth(1).getByRole('cell').allInnerTexts()).map((text) => text.replaceAll(',', ''));
      const file = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Events: download CSV' }).click();
      const lines = (await (await (await file).createReadStream()).toArray()).join('').split('\r\n');
      expect(lines[0]).toBe(`start (Europe/Berlin),This period,${against}`);
      expect(lines[1]?.split(',').slice(1)).toEqual(table);
    });
  });
});

test('a table of a chart stays open for who comes back from behind a number of it, and for whom it is shared with', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    const table = page.getByRole('region', { name: 'Error rate, as a table' });
    await page.getByRole('button', { name: 'Error rate: table' }).click();
    expect(search(page).getAll('table')).toEqual(['Error rate']);
    await table.getByRole('link').first().click();
    await page.waitForFunction(() => location.pathname === '/ui/explorer');
    expect(search(page).get('table')).toBeNull();
    await page.goBack();
    await table.waitFor();
    await page.reload();
    await table.waitFor();
    await page.getByRole('button', { name: 'Error rate: table' }).click();
    await table.waitFor({ state: 'detached' });
    expect(search(page).size).toBe(0);
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
