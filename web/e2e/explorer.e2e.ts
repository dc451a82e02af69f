import { expect, test } from 'vitest';
import { pictures, settled, visit } from './browser';
import { ownTenant, send } from './data';

test('the explorer is right at both widths and in both schemes', async () => {
  await pictures('/ui/explorer?by=event_name', 'explorer');
});

test('a row opens the whole event, arrows walk, Escape gives the focus back', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    await page.locator('tr[data-row]').nth(2).click();
    const panel = page.getByRole('complementary').last();
    await panel.getByText('Id', { exact: true }).waitFor();
    const opened = () => new URL(page.url()).searchParams.get('event');
    const third = opened();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction((id) => !location.search.includes(id ?? ''), third);
    expect(await page.locator('tr[data-row]').nth(3).getAttribute('data-row')).toBe(opened());
    const fourth = opened();
    await page.keyboard.press('Escape');
    await page.waitForFunction((id) => document.activeElement?.getAttribute('data-row') === id, fourth);
    expect(opened()).toBeNull();
    await page.goBack();
    expect(opened()).toBe(fourth);
  });
});

test('a value of the panel filters by it, with the count of the events', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    await page.locator('tr[data-row]').first().click();
    await page
      .getByRole('button', { name: 'product.viewed' })
      .or(page.getByTitle('Filter by this value').first())
      .first()
      .click();
    await page.waitForFunction(() => location.search.includes('f=event_name:is:'));
  });
});

test('the rows go on page by page', async () => {
  await visit('/ui/explorer', {}, async ({ page }) => {
    await settled(page);
    const rows = page.getByRole('table', { name: 'Events' });
    for (let more = 0; more < 4; more++) {
      const before = await page.evaluate(() => document.querySelector('main .scroll')?.scrollHeight ?? 0);
      await rows.evaluate((table) => table.parentElement?.scrollTo({ top: 1e7 }));
      await page.waitForFunction(
        (height) => (document.querySelector('main .scroll')?.scrollHeight ?? 0) > height,
        before,
      );
    }
    expect(await page.locator('tr[data-row]').count()).toBeLessThan(80);
  });
});

test('live rows say that they are accepted', async () => {
  const tenant = ownTenant('live');
  const event = (event_name: string) => ({ event_name, conversation_id: 'live', timestamp: new Date().toISOString() });
  await send(tenant, [event('event_b')]);
  await visit(`/ui/explorer?tenant=${tenant}&live=on`, {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await send(tenant, [event('event_a')]);
    await page.getByRole('cell', { name: 'event_a' }).first().click();
    await page.getByRole('complementary').getByText('Id', { exact: true }).waitFor();
  });
});

test('one tab of a browser watches: the one that began last', async () => {
  await visit('/ui/explorer?live=on', {}, async ({ page }) => {
    await page.getByText('Accepted just now, whatever the range').waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByText('Accepted just now, whatever the range').waitFor();
    await page.getByText('Another tab of this browser is watching.').waitFor();
    await page.getByRole('button', { name: 'Watch here' }).click();
    await page.getByText('Accepted just now, whatever the range').waitFor();
    await other.getByText('Another tab of this browser is watching.').waitFor();
  });
});
