// Texts of somebody who means harm, or writes from right to left: on every page they are texts, and stay in their place.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { NARROW, settled, visit, WIDE } from './browser';
import { ownTenant, send, type Sent } from './data';
import { formatFilter } from '../src/lib/filters';

const tenant = ownTenant('hostile');
const HTML = '<img src=x onerror=alert(1)><script>alert(2)</script>';
const LINK = 'javascript:alert(1)';
// An override that nothing ends: what follows it would read from right to left.
const BACKWARDS = '\u202egnp.invoice שלום עולם';
const STRANGE = 'a\u0000b\u0001c\u001b[31md\u0085\u200b\ufeff👩‍🚀é';
const NAME = 'name.'.repeat(40);
// More bytes than a filter's value may have.
const WIDE_TEXT = 'ошибка '.repeat(200);
const WORD = 'w'.repeat(100 * 1_024);
const LONG = `${HTML} ${'All that is known. '.repeat(60_000)}`.slice(0, 1_024 * 1_024);
const TEXTS = [HTML, LINK, BACKWARDS, STRANGE, NAME];
let ids: string[];

beforeAll(async () => {
  const begin = Date.now() - 3_600_000;
  const event = (text: string, index: number): Sent => ({
    event_name: text.slice(0, 128), user_id: text, conversation_id: text, input: text, output: `${text} mug`, error: text, latency: 100,
    timestamp: new Date(begin + index * 1_000).toISOString(),
    properties: { url: text, referrer: text, referral_source: text, sku: text, nested: { [text]: [text] } },
  }); // prettier-ignore
  const hostile = TEXTS.flatMap((text, index) => [
    event(text, index),
    { ...event(text, index + 10), event_name: 'user.registered', error: '' },
  ]);
  ids = await send(tenant, [
    ...hostile,
    { ...event('long', 30), input: LONG, output: WORD, error: WORD, properties: { url: WORD, short: WORD.slice(0, 199) } },
    { ...event('wide', 31), error: WIDE_TEXT },
  ]); // prettier-ignore
});

/** What is wrong with a page beside what fails each visit. */
const wrong = (page: Page, most: number): Promise<string[]> =>
  page.evaluate((window) => {
    const said = (what: string) => (element: Element) => `${what}: ${element.outerHTML.slice(0, 200)}`;
    const made = [...document.querySelectorAll('img:not([src^="/ui/"]), main script, iframe, [onerror]')];
    const links = [...document.querySelectorAll('[href], [src], [action]')].filter((element) =>
      ['href', 'src', 'action'].some((name) => /^\s*javascript:/i.test(element.getAttribute(name) ?? '')),
    );
    // What reads from right to left is alone in a box of its own, be it a block or isolated, or ends where a mark says.
    const mixed: Element[] = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const text = node.textContent?.trim() ?? '';
      if (!/[\u202a-\u202e\u0590-\u08ff]/.test(text)) continue;
      let box = node.parentElement;
      while (
        box &&
        /^inline$|^contents$/.test(getComputedStyle(box).display) &&
        getComputedStyle(box).unicodeBidi === 'normal'
      )
        box = box.parentElement;
      if (
        box &&
        !box.querySelector('mark') &&
        (box.textContent?.trim() !== text || /עולם(?!$| mug|\u2069|")/.test(text))
      )
        mixed.push(box);
    }
    const width = document.documentElement.scrollWidth;
    return [
      ...made.map(said('an element')),
      ...links.map(said('a link')),
      ...mixed.map(said('mixed with its neighbours')),
      ...(width > window ? [`${width} pixels wide`] : []),
    ];
  }, most);

const shows = (page: Page): Promise<string> => page.evaluate(() => document.body.textContent ?? '');
const address = (path: string, query: Record<string, string> = {}, filtered = ''): string => {
  const search = new URLSearchParams({ tenant, range: '24h', ...query });
  if (filtered) search.append('f', is('user_id', filtered));
  return `/ui/${path}?${search.toString()}`;
};
const is = (field: string, value: string): string => formatFilter({ field, op: 'is', values: [value] });

/** Opens a page at that width; nothing may happen but that these texts are shown. */
async function harmless(path: string, texts: readonly string[], viewport = NARROW, steps = settled): Promise<void> {
  await visit(path, { viewport, isMobile: viewport === NARROW }, async ({ page }) => {
    await steps(page);
    for (const text of texts) await expect.poll(() => shows(page)).toContain(text);
    expect(await wrong(page, viewport.width)).toEqual([]);
  });
}

describe('hostile texts are texts on', () => {
  const names = TEXTS.map((text) => text.slice(0, 128));
  // The digits of errors are no part of their groups.
  const groups = TEXTS.map((text) => text.replaceAll(/\d+/g, '?'));
  const columns = 'created_at,event_name,user,conversation_id,input,error,properties.url,properties.nested';

  test('the overview', () => harmless(address(''), names));
  test('the explorer', () => harmless(address('explorer', { columns }), TEXTS));
  test('the explorer, divided', () => harmless(address('explorer', { by: 'properties.url' }, HTML), [HTML]));
  test('the sessions', () => harmless(address('sessions'), TEXTS));
  test('the errors', () => harmless(address('errors'), groups));
  test('the users', () => harmless(address('users'), TEXTS));
  test('the search', () => harmless(address('search', { q: 'mug' }), TEXTS));
  test('registrations', () => harmless(address('commerce', { part: 'customers' }), TEXTS));

  test('what a page says of the address', async () => {
    await harmless(address('users', { q: `x${BACKWARDS}` }), [BACKWARDS]);
    await harmless(address('users', { nothing: BACKWARDS }), [`nothing=${BACKWARDS}`]);
  });

  // Which rules are in force is up to the server, so what it would tell of an alert is told here.
  test('the alerts', () => {
    const alert = (text: string, index: number) => ({
      id: `de770023-b1ee-8371-b31f-49bd943be45${index}`, rule: 'a rule', tenant, key: { 'properties.url': text, user: '' },
      state: 'open', fired_at: new Date().toISOString(), acknowledged_at: null, resolved_at: null, value: null, message: text,
    }); // prettier-ignore
    const json = { success: true, data: TEXTS.map(alert), request_id: 'told' };
    return harmless(address('alerts', { alert: alert('', 2).id }), TEXTS, NARROW, async (page) => {
      await page.route(
        ({ pathname }) => pathname === '/alerts',
        (route) => route.fulfill({ json }),
      );
      await page.reload();
      await settled(page);
      await page.getByText('Id', { exact: true }).waitFor();
    });
  });

  test('paths and funnels', async () => {
    for (const text of [HTML, BACKWARDS]) {
      const start = is('event_name', text);
      for (const viewport of [NARROW, WIDE]) await harmless(address('paths', { start }), [text], viewport);
      const steps = `${start};event_name:is:user.registered`;
      await harmless(address('funnels', { steps, by: 'properties.referrer' }), [text]);
      await harmless(address('retention', { start }), [text]);
    }
  });

  for (const [index, name] of ['HTML', 'a link', 'right to left', 'control characters', 'a long name'].entries()) {
    const text = TEXTS[index] ?? '';
    test(`an event, a conversation and a user: ${name}`, async () => {
      await harmless(address('explorer', { event: ids[2 * index] ?? '' }, text), [text]);
      await harmless(address(`conversation/${encodeURIComponent(text)}`), [text]);
      await harmless(address(`user/${encodeURIComponent(text)}`), [text]);
    });
  }

  test('groups of errors', async () => {
    for (const text of [HTML, BACKWARDS])
      await harmless(address('errors', { group: groups[TEXTS.indexOf(text)] ?? '' }), [text]);
  });
});

describe('texts that are very long', () => {
  const told = (page: Page): Promise<number> => shows(page).then(({ length }) => length);
  const MOST = 40_000;

  test('are cut in a conversation until all of them are asked for', async () => {
    await visit(address('conversation/long'), { viewport: NARROW, isMobile: true }, async ({ page }) => {
      await settled(page);
      expect(await told(page)).toBeLessThan(MOST);
      await page.getByRole('button', { name: 'Show all 1 MB' }).click();
      expect(await told(page)).toBeGreaterThan(LONG.length);
      expect(await wrong(page, NARROW.width)).toEqual([]);
      await page.getByRole('button', { name: 'Show less' }).click();
      await page.getByRole('button', { name: 'Show all 100 KB' }).first().click();
      expect(await told(page)).toBeGreaterThan(WORD.length);
      expect(await wrong(page, NARROW.width)).toEqual([]);
    });
  });

  for (const [name, path] of Object.entries({
    'the panel of an event': () => address('explorer', { event: ids.at(-2) ?? '', columns: 'input,properties.url' }),
    'a breakdown': () => address('explorer', { by: 'properties.url', f: is('user_id', 'long') }),
    'a group of errors': () => address('errors', { group: WORD.slice(0, 1_000) }),
    'a group of errors with more bytes than a filter': () => address('errors', { group: WIDE_TEXT.slice(0, 1_000) }),
  }))
    test(`leave ${name} quick, and as wide as the window`, async () => {
      await visit(path(), { viewport: NARROW, isMobile: true }, async ({ page }) => {
        await settled(page);
        expect(await told(page)).toBeLessThan(MOST);
        expect(await wrong(page, NARROW.width)).toEqual([]);
        expect(await page.getByRole('alert').allInnerTexts()).toEqual([]);
      });
    });
});
