import { beforeAll, expect, test } from 'vitest';
import { ask } from './api';
import { pictures, settled, visit } from './browser';
import { ownTenant, send } from './data';

const tenant = ownTenant('search');
const HOUR_MS = 3_600_000;
const search = (q: string) => `/ui/search?tenant=${tenant}&q=${encodeURIComponent(q)}`;
let ids: string[];

beforeAll(async () => {
  const at = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
  const event = { event_name: 'event_a', conversation_id: 'chat', user_id: 'ada' };
  ids = await send(tenant, [
    { ...event, timestamp: at(5), input: 'Where is my <b>red</b> mug?', output: 'It is on its way.', latency: 120, input_embeddings: [1, 0], output_embeddings: [1, 0] }, // prettier-ignore
    { ...event, timestamp: at(4), input: 'And the blue mug?', error: 'timeout after 2500 ms', input_embeddings: [0.9, 0.1] }, // prettier-ignore
    { ...event, timestamp: at(3), input: 'The mug is broken', output: 'A new one is on its way.', input_embeddings: [0, 1], output_embeddings: [1, 0.1] }, // prettier-ignore
    { ...event, timestamp: at(2), input: 'Thanks' },
  ]);
});

test('what is found is what the API finds, with the hits marked, and texts are texts', async () => {
  await visit(search('mug -broken'), {}, async ({ page }) => {
    await settled(page);
    const shown = await page.locator('[data-hit]').evaluateAll((all) => all.map((hit) => hit.getAttribute('data-hit')));
    const found = await ask<{ id: string }[]>('/search', { tenant, query: { q: 'mug -broken' } });
    expect(shown).toEqual(found.map(({ id }) => id));
    expect(shown).toEqual([ids[1], ids[0]]);
    expect(await page.locator('mark').allInnerTexts()).toEqual(['mug', 'mug']);
    expect(await page.locator('[data-hit]').last().innerText()).toContain('Where is my <b>red</b> mug?');
  });
});

test('somebody types, and hits follow; the address keeps the text', async () => {
  await visit(`/ui/search?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByText('both words, whole').waitFor();
    await page.getByRole('searchbox').fill('"on its way"');
    await expect.poll(() => page.locator('[data-hit]').count()).toBe(2);
    expect(new URL(page.url()).searchParams.get('q')).toBe('"on its way"');
    await page.getByRole('searchbox').fill('nothing');
    await page.getByText('No event of this range has all of that').waitFor();
  });
});

test('a hit opens its event, J walks, Escape gives the focus back, and its conversation opens at it', async () => {
  await visit(search('mug'), {}, async ({ page }) => {
    await settled(page);
    await page.locator('[data-hit] button').first().click();
    const opened = () => new URL(page.url()).searchParams.get('event');
    expect(opened()).toBe(ids[2]);
    await page.keyboard.press('j');
    await expect.poll(opened).toBe(ids[1]);
    await page.getByRole('complementary').last().getByText('timeout after 2500 ms').waitFor();
    await page.keyboard.press('Escape');
    const focused = () => page.evaluate(() => document.activeElement?.closest('[data-hit]')?.getAttribute('data-hit'));
    await expect.poll(focused).toBe(ids[1]);
    await page.locator('[data-hit]').last().getByRole('link', { name: 'In conversation chat' }).click();
    await page.waitForURL(`**/ui/conversation/chat?*event=${ids[0]}*`);
    const turn = () => page.evaluate(() => document.activeElement?.getAttribute('data-turn'));
    await expect.poll(turn).toBe(ids[0]);
  });
});

test('similar events are the nearest by one side, as the API has them', async () => {
  await visit(search('red'), {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('link', { name: 'Similar events' }).click();
    await page.getByText('distance 0.0061').waitFor();
    const shown = () =>
      page.locator('ol [data-hit]').evaluateAll((all) => all.map((hit) => hit.getAttribute('data-hit')));
    expect(await shown()).toEqual([ids[1], ids[2]]);
    await page.getByRole('button', { name: 'By output' }).click();
    await expect.poll(shown).toEqual([ids[2]]);
    await page.getByRole('link', { name: 'Back to the search' }).click();
    await expect.poll(() => page.locator('mark').allInnerTexts()).toEqual(['red']);
  });
});

test('filters are said to be left out', async () => {
  await visit(`${search('mug')}&f=error:set`, {}, async ({ page }) => {
    await page.getByText('A search takes no filters').waitFor();
  });
});

test('a search is right at both widths and in both schemes', async () => {
  await pictures(search('mug'), 'search');
});

test('similar events are right at both widths and in both schemes', async () => {
  await pictures(`${search('mug')}&similar=${ids[0]}`, 'similar');
});
