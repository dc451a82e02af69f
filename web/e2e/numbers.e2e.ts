// Numbers that are links, over all pages: each opens as many events, users or conversations as it says.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ask, daysBefore } from './api';
import { settled, visit } from './browser';
import { listed } from './lists';

const days = daysBefore(7);
const range = `from=${days.from}&to=${days.to}`;
const order = 'event_name:is:order.created';
const steps = `steps=event_name:is:user.registered;${order}`;
const PAGES: Record<string, string> = {
  overview: `?${range}&compare=previous_period`,
  'overview, filtered': `?${range}&f=latency:gt:1000`,
  explorer: `explorer?${range}&by=properties.model&f=error:not_set`,
  sessions: `sessions?${range}`,
  'sessions, filtered': `sessions?${range}&rank=events&f=user:set`,
  errors: `errors?${range}`,
  funnels: `funnels?${range}&${steps}`,
  retention: `retention?${range}&start=${order}&show=users`,
  users: `users?${range}&order=events`,
  'users, filtered': `users?${range}&f=${order}`,
  sales: `commerce?${range}`,
  customers: `commerce?${range}&part=customers`,
};
/** So many of a page are clicked: one of each kind first. */
const CLICKS = 5;
const LEAST = 50;

interface Linked {
  href: string;
  shown: string;
}

/** The counts that are links, and those of which the name beside them is the link. */
const linked = (page: Page): Promise<Linked[]> =>
  page.locator('main a[href]').evaluateAll((all) => {
    const lists = ['/ui/', '/ui/explorer', '/ui/users', '/ui/sessions'];
    return (all as HTMLAnchorElement[]).flatMap((link) => {
      const shown = [link, link.nextElementSibling]
        .map((element) => /^([\d,]+)( orders)?$/.exec(element?.textContent?.trim() ?? '')?.[1])
        .find((count) => count !== undefined);
      const isList = lists.includes(link.pathname) || link.search.includes('who=');
      return shown && isList ? [{ href: link.getAttribute('href') ?? '', shown }] : [];
    });
  });

/** What a link asks without whom and when it asks it of. */
const kind = ({ href }: Linked): string => href.replace(/(:is:|from=|to=|who=)[^&]*/g, '$1');

function chosen(numbers: Linked[]): Linked[] {
  const first = new Map(numbers.toReversed().map((number) => [kind(number), number]));
  const kinds = numbers.filter((number) => first.get(kind(number)) === number);
  const others = numbers.filter((number) => !kinds.includes(number));
  return [...kinds, ...others.slice(0, Math.max(0, CLICKS - kinds.length))];
}

/** The number that a page is about stands on top of it; where it lists who is behind a number, all of those count. */
async function told(page: Page): Promise<string> {
  if (page.url().includes('who=')) return (await listed(page, /^Who (took|did|began)/)).toLocaleString('en-GB');
  return page.locator('main .stat .number').first().innerText();
}

let clicked = 0;

async function follow(path: string, ready = settled): Promise<void> {
  await visit(`/ui/${path}`, {}, async ({ page }) => {
    await ready(page);
    await expect.poll(() => linked(page)).not.toEqual([]);
    const numbers = chosen(await linked(page));
    const found: Linked[] = [];
    for (const { href } of numbers) {
      await page
        .locator(`main a[href=${JSON.stringify(href)}]`)
        .first()
        .click();
      await page.waitForURL((url) => url.pathname + url.search === href);
      await settled(page);
      found.push({ href, shown: await told(page) });
      await page.goBack();
      await ready(page);
    }
    expect(found).toEqual(numbers);
    clicked += numbers.length;
  });
}

describe('the numbers of', () => {
  for (const [name, path] of Object.entries(PAGES)) test(name, () => follow(path));

  /** Shows each chart as a table. */
  async function asTables(page: Page): Promise<void> {
    await settled(page);
    const drawn = page.getByRole('button', { name: /: table$/, pressed: false });
    while ((await drawn.count()) > 0) await drawn.first().click();
  }
  test("the charts' tables", async () => {
    await follow(`?${range}&f=latency:gt:1000`, asTables);
    await follow(`explorer?${range}&by=source`, asTables);
  });

  // What is different about a group takes much longer to find than its numbers.
  test('a group of errors', () =>
    follow(`errors?${range}&group=card_declined`, (page) => page.locator('main .stat a').nth(1).waitFor()));

  test('a conversation and a user', async () => {
    const filters = ['user_id', 'conversation_id', 'input'].map((field) => ({ field, op: 'set', values: [] }));
    const query = { ...days, filters: JSON.stringify(filters), limit: '1' };
    const [event] = await ask<{ conversation_id: string; user_id: string }[]>('/events', { query });
    await follow(`conversation/${event?.conversation_id}?${range}`);
    await follow(`user/${event?.user_id}?${range}`);
  });

  test(`all pages are at least ${LEAST}`, () => expect(clicked).toBeGreaterThanOrEqual(LEAST));
});
