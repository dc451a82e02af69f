import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';
import { behind, ownTenant, send } from './data';

const tenant = ownTenant('conversation');
const path = `/ui/conversation/chat%2F1?tenant=${tenant}`;
const LONG = 'The mug is red. '.repeat(3_072);
const SAID = [
  { input: 'Where is my mug?', output: 'On its <b>way</b>.', latency: 682, properties: { model: 'm-1', tokens: 31 } },
  { input: 'The invoice, please', output: JSON.stringify({ invoice: { lines: [{ sku: 'MUG' }] } }), latency: 1_816 },
  { input: 'And all you know', output: LONG, latency: 3_100 },
  { input: 'And to Genève?', error: 'model "m-2" is overloaded', latency: 5_594 },
  { input: 'Again?', output: 'Yes.', latency: 420 },
];
const HOUR_MS = 3_600_000;
let ids: string[];

beforeAll(async () => {
  const begin = Date.now() - 40 * 24 * HOUR_MS;
  const event = { conversation_id: 'chat/1', event_name: 'event_a', user_id: 'ada' };
  ids = await send(
    tenant,
    SAID.map((said, index) => ({ ...event, ...said, timestamp: new Date(begin + index * 42_000).toISOString() })),
  );
});

test('all turns are there, whatever the range is, and their numbers lead to as many events', async () => {
  await visit(path, {}, async ({ page }) => {
    await settled(page);
    const turns = page.locator('[data-turn]');
    expect(await turns.evaluateAll((all) => all.map((turn) => turn.getAttribute('data-turn')))).toEqual(ids);
    expect(await page.locator('p.between').allTextContents()).toContain('42 s later');
    for (const [title, count] of [
      ['Turns', SAID.length],
      ['Errors', 1],
    ] as const) {
      const link = page.locator('dl > div', { has: page.getByText(title, { exact: true }) }).getByRole('link');
      expect(await link.innerText()).toBe(String(count));
      expect(await behind(page, link)).toEqual({ told: String(count), listed: count });
      await page.goBack();
      await settled(page);
    }
  });
});

test('a text is a text, JSON is folded, and a long text is cut until all of it is asked for', async () => {
  await visit(path, {}, async ({ page }) => {
    await settled(page);
    expect(await page.getByText('On its <b>way</b>.').count()).toBe(1);
    expect(await page.locator('[data-turn]').nth(1).locator('summary', { hasText: 'lines' }).count()).toBe(1);
    const long = page.locator('[data-turn]').nth(2);
    expect((await long.innerText()).length).toBeLessThan(1_000);
    await long.getByRole('button', { name: 'Show all 48 KB' }).click();
    expect((await long.innerText()).length).toBeGreaterThan(48_000);
    await page.getByRole('button', { name: 'Turn 4 raw' }).click();
    expect(JSON.parse(await page.locator('[data-turn] pre').innerText())).toMatchObject({ id: ids[3], latency: 5_594 });
  });
});

test('J and K walk the turns, and the address of one leads there', async () => {
  await visit(`${path}&event=${ids[3]}`, {}, async ({ page }) => {
    await settled(page);
    const current = () => page.evaluate(() => document.activeElement?.getAttribute('data-turn'));
    await expect.poll(current).toBe(ids[3]);
    await page.keyboard.press('k');
    await expect.poll(current).toBe(ids[2]);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await expect.poll(current).toBe(ids[4]);
    expect(page.url()).toContain(`event=${ids[4]}`);
  });
});

test('a long conversation goes on as somebody scrolls, and a late turn is brought into sight', async () => {
  const long = { conversation_id: 'long', event_name: 'event_a' };
  const begin = Date.now() - HOUR_MS;
  const late = (
    await send(
      tenant,
      Array.from({ length: 350 }, (_, index) => ({
        ...long,
        input: `Question ${index}`,
        timestamp: new Date(begin + index * 1_000).toISOString(),
      })),
    )
  ).at(-1);
  const turns = (page: Page) => page.locator('[data-turn]').count();
  const address = `/ui/conversation/long?tenant=${tenant}`;
  await visit(address, {}, async ({ page }) => {
    await settled(page);
    expect(await turns(page)).toBe(100);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await expect.poll(() => turns(page)).toBe(200);
  });
  await visit(`${address}&event=${late}`, {}, async ({ page }) => {
    const seen = () =>
      page.evaluate((id) => {
        const turn = document.activeElement;
        return turn?.getAttribute('data-turn') === id && turn && turn.getBoundingClientRect().bottom <= innerHeight;
      }, late);
    await expect.poll(seen).toBe(true);
    expect(await turns(page)).toBe(350);
  });
});

test('a conversation that goes on is followed, also where it is longer than a page', async () => {
  const begin = Date.now() - HOUR_MS;
  const talk = (input: string, at: number) => ({
    conversation_id: 'going on',
    event_name: 'event_a',
    input,
    timestamp: new Date(begin + at * 1_000).toISOString(),
  });
  const numbers = Array.from({ length: 101 }, (_, at) => at);
  await send(tenant, numbers.map((at) => talk(`Question ${at}`, at))); // prettier-ignore
  await visit(`/ui/conversation/going%20on?tenant=${tenant}`, {}, async ({ page }) => {
    await settled(page);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.getByText('Question 100', { exact: true }).waitFor();
    await send(tenant, [talk('One more', 1_000)]);
    await page.getByText('One more', { exact: true }).waitFor();
    // What comes in late stands where it belongs.
    await send(tenant, [talk('Before that', 500)]);
    await page.getByText('Before that', { exact: true }).waitFor();
    const last = await page.locator('[data-turn] [data-side=input]').allInnerTexts();
    expect(last.slice(-3).map((text) => text.split('\n').at(-1))).toEqual(['Question 100', 'Before that', 'One more']);
    expect(last).toHaveLength(103);
  });
});

test('without an id the page asks for one, and without events it says so', async () => {
  await visit(`/ui/conversation?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByRole('combobox', { name: 'Conversation id' }).fill('nothing');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Conversation id' }).press('Enter');
    await page.getByText('There is no event of this conversation.').waitFor();
  });
});

test('a conversation is right at both widths and in both schemes', async () => {
  await pictures(path, 'conversation');
});
