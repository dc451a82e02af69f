// Keys and the help, and filters made by the keyboard.
import { describe, expect, test } from 'vitest';
import { accessible, NARROW, search, settled, visit, WIDE } from './browser';
import type { Page } from 'playwright-core';

const chosen = (page: Page) =>
  Object.fromEntries(['compare', 'interval', 'range', 'from'].map((name) => [name, search(page).get(name)]));

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
      await page.keyboard.press('i');
      expect(search(page).get('interval'), 'the automatic one is by days').toBeNull();
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
