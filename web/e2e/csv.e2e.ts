// What a spreadsheet would take for a formula is none in a file that the page saves; numbers stay numbers.
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { settled, visit } from './browser';
import { ownTenant, send } from './data';

const tenant = ownTenant('csv');
const FORMULAS = ['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\t=1+1', '\r=1+1', '=HYPERLINK("http://x","y"), z'];
const path = (page: string, query = ''): string => `/ui/${page}?tenant=${tenant}&range=24h${query}`;

beforeAll(async () => {
  const timestamp = new Date(Date.now() - 3_600_000).toISOString();
  const event = { event_name: 'event_a', timestamp };
  const order = { order_id: 'o-1', total_amount: '7', currency: 'EUR' };
  await send(tenant, [
    ...FORMULAS.map((text) => ({ ...event, user_id: text, conversation_id: text, properties: { text, delta: -2.5 } })),
    { ...event, event_name: 'order.created', conversation_id: 'shop', properties: order },
    {
      ...event,
      event_name: 'payment.refunded',
      conversation_id: 'shop',
      properties: { ...order, refund_amount: '32' },
    },
  ]);
});

/** The cells of CSV. */
function cells(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end?.endsWith('\n')) rows.push([]);
    if (end === '') break;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== '');
}

/** The cells of the file that a click on the button of that name saves. */
async function saved(page: Page, button: string | RegExp): Promise<string[][]> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return cells((await (await file.createReadStream()).toArray()).join(''));
}

const disarmed = FORMULAS.map((text) => `'${text}`).sort();
const column = (rows: string[][], index: number): string[] => rows.slice(1).map((row) => row[index] ?? '');

test('tables', async () => {
  await visit(path('users'), {}, async ({ page }) => {
    await settled(page);
    const rows = await saved(page, /as CSV$/);
    expect(column(rows, 0).sort()).toEqual(disarmed);
    expect(rows[0]).toContain('Last seen (Europe/Berlin)');
  });
  await visit(path('sessions', '&rank=events'), {}, async ({ page }) => {
    await settled(page);
    expect(
      column(await saved(page, /as CSV$/), 0)
        .filter((id) => id !== 'shop')
        .sort(),
    ).toEqual(disarmed);
  });
});

test('events, as they are shown and as the server exports them', async () => {
  const shown = '&f=event_name:is:event_a&columns=properties.text,properties.delta';
  await visit(path('explorer', shown), {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Download', exact: true }).click();
    const rows = await saved(page, /^CSV of the \d+ rows loaded/);
    expect(column(rows, 0).sort()).toEqual(disarmed);
    expect(new Set(column(rows, 1))).toEqual(new Set(['-2.5']));
    const all = await saved(page, 'Export');
    expect(column(all, all[0]?.indexOf('user_id') ?? -1).sort()).toEqual(disarmed);
  });
});

test('a chart whose lines are such texts', async () => {
  await visit(path('explorer', '&f=event_name:is:event_a&by=properties.text'), {}, async ({ page }) => {
    await settled(page);
    const [head] = await saved(page, 'Events: download CSV');
    expect(head?.slice(1).sort()).toEqual(disarmed);
  });
});

test('a figure with amounts below nothing', async () => {
  await visit(path('commerce'), {}, async ({ page }) => {
    await settled(page);
    const [head, ...rows] = await saved(page, 'Amounts by currency: download CSV');
    expect(rows.map((row) => row[head?.indexOf('Net') ?? -1])).toEqual(['-32']);
  });
});
