// A list to choose from whose values are still those of another text.
import { expect, test } from 'vitest';
import { search, settled, visit } from './browser';
import { ownTenant, send } from './data';
import type { Page } from 'playwright-core';

/** Holds answers about values back until what it returns is called; some are not waited for any more by then. */
async function hold(page: Page): Promise<() => Promise<void>> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/schema/values?**', async (route) => {
    await released;
    await route.continue().catch(() => undefined);
  });
  return async () => {
    release();
    await page.unrouteAll({ behavior: 'wait' });
  };
}

/** Opens the values of `event_name` in the filter bar. */
async function openValues(page: Page): Promise<void> {
  await settled(page);
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Field' }).fill('event_name');
  await page.getByRole('option', { name: 'event_name' }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'order.created' }).waitFor();
}

test('an Enter that waits says so, and ends with a choice by the mouse', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await openValues(page);
    const release = await hold(page);
    await page.keyboard.type('order');
    await page.keyboard.press('Enter');
    await page.getByText('Looking…').waitFor();
    await page.getByRole('option', { name: 'order.created' }).click();
    await page.getByText('Looking…').waitFor({ state: 'detached' });
    await release();
    await page.getByRole('option', { name: /^order.created chosen/ }).waitFor();
    await page.getByRole('combobox', { name: 'Value' }).waitFor();
    expect(search(page).get('f')).toBeNull();
  });
});

test('what an arrow has reached is chosen at once', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await openValues(page);
    const release = await hold(page);
    await page.keyboard.type('order');
    await page.keyboard.press('ArrowDown');
    const reached = await page.locator('[role=option][data-highlighted] .cut').innerText();
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: `${reached} chosen` }).waitFor();
    await release();
  });
});

test('an id whose Enter waits opens its conversation, not the first of the list before', async () => {
  const tenant = ownTenant('choices');
  const event = (conversation_id: string) => ({
    event_name: 'event_a',
    conversation_id,
    timestamp: new Date().toISOString(),
  });
  await send(tenant, ['one', 'one', 'two'].map(event));
  await visit(`/ui/conversation?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByRole('option', { name: 'one' }).waitFor();
    const release = await hold(page);
    await page.getByRole('combobox', { name: 'Conversation id' }).fill('two');
    await page.keyboard.press('Enter');
    await page.getByText('Looking…').waitFor();
    await release();
    await page.waitForURL('**/ui/conversation/two?**');
  });
});
