// What holds for every chart: zoom, cursor, table, file, comparison, how near its number is.
import { describe, expect, test } from 'vitest';
import { NARROW, search, settled, visit } from './browser';
import type { Page } from 'playwright-core';

const length = (page: Page): Promise<number> => page.evaluate(() => history.length);

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

test('a table of a chart stays open while its title changes', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Events: table' }).click();
    await page.getByRole('region', { name: 'Events, as a table' }).waitFor();
    await page.locator('main').getByRole('button', { name: 'Events', exact: true }).click();
    await page.getByRole('button', { name: 'Users', exact: true }).click();
    await page.getByRole('region', { name: 'Users, as a table' }).waitFor();
    await page.getByRole('button', { name: 'Users: table' }).click();
    expect(search(page).get('table')).toBeNull();
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

test('a percentile that is near its exact value says so', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    const home = new URL(page.url()).origin;
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

    await page.goto(`${home}/ui/commerce?part=operations`);
    await settled(page);
    expect(await figure('Response time').locator('.stat').innerText()).toMatch(/^≈ .*within 1%/s);
    await page.goto(`${home}/ui/explorer?metric=latency_p95&by=event_name`);
    await settled(page);
    expect(await page.locator('main ol li').first().innerText()).toContain('≈ ');
    await page.getByText('Each within 1%.').waitFor();
  });
});
