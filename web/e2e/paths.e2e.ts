import { expect, test } from 'vitest';
import { ask, daysBefore, numberOf } from './api';
import { pictures, settled, visit } from './browser';

const { from, to, timezone } = daysBefore(7);
const range = `from=${from}&to=${to}`;
interface Paths {
  sessions: number;
  nodes: { step: number; name: string | null; sessions: number }[];
}
const pathsFrom = (name: string): Promise<Paths> =>
  ask('/paths', {
    body: { start: { filters: [{ field: 'event_name', op: 'is', values: [name] }] }, from, to, timezone },
  });

test('paths have the sessions of the API, and a name begins others there', async () => {
  const told = await pathsFrom('user.logged_in');
  await visit(`/ui/paths?${range}&start=event_name:is:user.logged_in`, {}, async ({ page }) => {
    await settled(page);
    await page.getByRole('button', { name: 'Where they go: table' }).click();
    const shown = await page.locator('main figure tbody tr td:nth-child(3)').allTextContents();
    expect(shown.map(numberOf)).toEqual(told.nodes.map(({ sessions }) => sessions));
    expect(told.sessions).toBeGreaterThan(0);

    await page.getByRole('button', { name: 'Where they go: table' }).click();
    const next = told.nodes.find(({ step }) => step === 1)?.name ?? '';
    await page.locator('main figure li a', { hasText: next }).first().click();
    await settled(page);
    const sessions = new Intl.NumberFormat('en').format((await pathsFrom(next)).sessions);
    await page.getByText(`${sessions} session`).waitFor();
    expect(page.url()).toContain(`start=event_name:is:${next}`);
  });
});

test('paths are right at both widths and in both schemes', async () => {
  await pictures(`/ui/paths?${range}&start=event_name:is:user.logged_in`, 'paths');
});
