import { expect, test } from 'vitest';
import { ask, daysBefore, numberOf } from './api';
import { listed } from './lists';
import { pictures, settled, visit } from './browser';
import { ownTenant, send } from './data';

const { from, to, timezone } = daysBefore(7);
const range = `from=${from}&to=${to}`;
const names = ['user.registered', 'order.created', 'payment.processed'];
const steps = `steps=${names.map((name) => `event_name:is:${name}`).join(';')}`;

test('a funnel has the users of the API, and each number leads to as many', async () => {
  const told = await ask<{ steps: { users: number }[] }>('/funnel', {
    body: {
      steps: names.map((name) => ({ name, filters: [{ field: 'event_name', op: 'is', values: [name] }] })),
      from,
      to,
      timezone,
    },
  });
  const users = told.steps.map((step) => step.users);
  await visit(`/ui/funnels?${range}&${steps}`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Users who got so far: table' }).click();
    const shown = await page.locator('main figure tbody tr td:nth-child(2)').allTextContents();
    expect(shown.map(numberOf)).toEqual(users);
    expect(users[2]).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Users who got so far: table' }).click();

    for (const [step, count] of users.entries()) {
      await page.locator('main figure ol a.users').nth(step).click();
      expect(await listed(page, new RegExp(`^Who took .*${names[step]}`))).toBe(count);
    }
    const dropped = (users[0] ?? 0) - (users[1] ?? 0);
    await page
      .getByRole('link', { name: /did not$/ })
      .first()
      .click();
    expect(await listed(page, new RegExp(`^Who did not go on to .*${names[1]}`))).toBe(dropped);
    await page.getByText(`${dropped.toLocaleString('en')} users.`).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    expect(page.url()).not.toContain('who=');
  });
});

test('users are through, lost, or may go on, and are chosen by that', async () => {
  const states = ['Through', 'Lost', 'May go on'];
  await visit(`/ui/funnels?${range}&${steps}&window=3d&who=1`, {}, async ({ page }) => {
    const all = await listed(page, /^Who took /);
    let sum = 0;
    for (const state of states) {
      await page.getByRole('combobox', { name: 'Show' }).selectOption(state);
      const said = page.getByRole('status').filter({ hasText: `${state}: ` });
      await said.waitFor();
      await settled(page);
      while (await page.getByRole('button', { name: 'Look through more users' }).isVisible()) {
        await page.getByRole('button', { name: 'Look through more users' }).click();
        await settled(page);
      }
      const count = numberOf((await said.innerText()).split(' of ')[0]?.split(': ')[1] ?? '');
      expect(await listed(page, /^Who took /)).toBe(count);
      sum += count;
    }
    expect(page.url()).toContain('state=open');
    expect(sum).toBe(all);
  });
});

test('a window of the address is one choice with those that are as long', async () => {
  await visit(`/ui/funnels?${range}&${steps}&window=24h`, {}, async ({ page }) => {
    await settled(page);
    const within = page.getByRole('combobox', { name: 'Within' });
    expect(await within.inputValue()).toBe('24h');
    const names = await within.getByRole('option').allInnerTexts();
    expect(names.filter((name) => /^(1 day|24)/.test(name))).toEqual(['1 day']);
  });
});

test('who is not through is lost or may go on, and the page says whether somebody is lost', async () => {
  const tenant = ownTenant('lost');
  const began = (user_id: string, hours: number) => ({
    event_name: 'one',
    conversation_id: user_id,
    user_id,
    timestamp: new Date(Date.now() - hours * 3_600_000).toISOString(),
  });
  await send(tenant, [began('ada', 60), began('bob', 2)]);
  const path = `/ui/funnels?tenant=${tenant}&steps=event_name:is:one;event_name:is:two`;
  await visit(`${path}&window=90d`, {}, ({ page }) =>
    page.getByText(/^2 users .*may still go on.* Nobody is lost yet/).waitFor(),
  );
  await visit(`${path}&window=1d`, {}, ({ page }) =>
    page.getByText(/ 1 user may still go on.* The others are lost/).waitFor(),
  );
});

test('an address without steps opens on those of a shop, where there is one', async () => {
  await visit('/ui/funnels', {}, async ({ page }) => {
    await page.waitForURL('**steps=event_name:is:user.logged_in**');
    await page.getByText('Users who got so far').waitFor();
  });
  const tenant = ownTenant('funnels');
  await send(tenant, [{ event_name: 'order.created', conversation_id: 'a', timestamp: new Date().toISOString() }]);
  await visit(`/ui/funnels?tenant=${tenant}`, {}, async ({ page }) => {
    await page.getByRole('button', { name: 'First step' }).waitFor();
  });
});

test('steps are chosen by name, moved and removed, and stand in the address', async () => {
  await visit(`/ui/funnels?${range}&steps=event_name:is:product.viewed`, {}, async ({ page }) => {
    await page.getByRole('button', { name: 'Remove the step product.viewed' }).click();
    for (const name of ['order.created', 'payment.processed']) {
      await page.getByRole('button', { name: /^(First|Next) step$/ }).click();
      await page.getByRole('combobox', { name: 'Event' }).fill(name);
      await page.getByRole('option', { name }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(`**event_name:is:${name}**`);
    }
    await settled(page);
    expect(page.url()).toContain('steps=event_name:is:order.created');
    await page.getByRole('button', { name: 'Move up payment.processed' }).click();
    expect(page.url()).toContain('steps=event_name:is:payment.processed');
    await page.getByRole('button', { name: 'Remove the step payment.processed' }).click();
    expect(await page.getByText('Choose the next step.').count()).toBe(1);
    await page.goBack();
    expect(page.url()).toContain('payment.processed');
  });
});

test('funnels are right at both widths and in both schemes', async () => {
  await pictures(`/ui/funnels?${range}&${steps}&by=properties.referral_source&who=2.dropped&state=lost`, 'funnels');
});
