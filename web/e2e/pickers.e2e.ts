// Fields, values and events are found by what somebody remembers of them.
import { expect, test } from 'vitest';
import { accessible, pictures, settled, visit } from './browser';

test('the name of an event is found by any part and in any case, where a path begins', async () => {
  await visit('/ui/paths', {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: /: any event$/ }).first().click(); // prettier-ignore
    const event = page.getByRole('combobox', { name: 'Event' });
    for (const part of ['created', 'ORDER', 'er.crea']) {
      await event.fill(part);
      await page.getByRole('option', { name: /^order\.created/ }).waitFor();
    }
    await page.getByText('Counts of the last 24 hours').waitFor();
    await accessible(page);
    await event.press('Enter');
    await page.waitForFunction(() => location.search.includes('event_name:is:order.created'));
  });
});

test('a filter by the name of an event is made without choosing the field', async () => {
  await visit('/ui/', {}, async ({ page }) => {
    await settled(page);
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Field or event' });
    await field.fill('Viewed');
    await page.getByRole('option', { name: /^event_name is .product\.viewed/ }).waitFor();
    await field.press('Enter');
    await page.waitForFunction(() => location.search.includes('f=event_name:is:product.viewed'));
  });
});

test('a value that is no beginning is found among the frequent ones', async () => {
  await visit('/ui/?f=event_name:is:order.created', {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: /^Edit the filter/ }).click();
    await page.getByRole('combobox', { name: 'Value' }).fill('CANCEL');
    await page.getByRole('option', { name: /^order\.cancelled/ }).click();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForFunction(() => location.search.includes('order.created,order.cancelled'));
    expect(await page.getByText('order.cancelled').count()).toBeGreaterThan(0);
  });
});

test('the pickers are right at both widths and in both schemes', async () => {
  await pictures('/ui/', 'picker-field', async (page) => {
    await settled(page);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('combobox', { name: 'Field or event' }).fill('order');
    await page.getByRole('option', { name: /^event_name is .order\.created/ }).waitFor();
  });
  await pictures('/ui/paths', 'picker-event', async (page) => {
    await settled(page);
    await page.getByRole('button', { name: /: any event$/ }).first().click(); // prettier-ignore
    await page.getByRole('option', { name: /^order\.created/ }).waitFor();
  });
});
