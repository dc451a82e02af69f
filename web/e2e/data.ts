// Events of a test's own: a tenant of its own keeps them apart from others'.
import type { Locator, Page } from 'playwright-core';
import { ask, countRows, numberOf } from './api';
import { settled } from './browser';
import { absolute } from '../src/lib/range';
import { parse } from '../src/lib/url';

export interface Sent {
  event_name: string;
  conversation_id: string;
  timestamp: string;
  user_id?: string;
  input?: string;
  output?: string;
  error?: string;
  latency?: number;
  properties?: object;
  input_embeddings?: number[];
  output_embeddings?: number[];
}

export const ownTenant = (name: string): string => `page-${name}-${Date.now()}`;

/** Sends events, and waits until questions see them. Says their ids. */
export async function send(
  tenant: string,
  events: Sent[],
  where: { api?: string; key?: string } = {},
): Promise<string[]> {
  const { results } = await ask<{ results: { id?: string }[] }>('/events', {
    ...where,
    tenant,
    query: { wait: '30s' },
    body: { events },
  });
  return results.map((result) => {
    if (!result.id) throw new Error(JSON.stringify(result));
    return result.id;
  });
}

/** Follows a link to the events behind a number, and says how many there are: as the page tells, and as the API lists. */
export async function behind(page: Page, link: Locator): Promise<{ told: string; listed: number }> {
  await link.click();
  await page.waitForURL('**/ui/explorer**');
  await settled(page);
  const pages = [{ name: 'explorer', params: { order: /.*/, metric: /.*/ } }];
  const { view, notices } = parse(new URL(page.url()), pages, 'Europe/Berlin');
  if (notices.length > 0) throw new Error(notices.join(' '));
  const { from, to } = absolute(view.range, view.zone, Date.now());
  const query = { from, to, timezone: view.zone, filters: JSON.stringify(view.filters) };
  const listed = await countRows('/events', query, view.tenant);
  const told = await page.locator('main .stat .number').first().innerText();
  return { told, listed };
}

/** The numbers of a chart's table, one for each bucket, and the one of the range above them. */
export async function charted(page: Page, title: string): Promise<{ total: number; values: number[] }> {
  await page.getByRole('button', { name: `${title}: table`, exact: true }).click();
  const chart = page.locator('figure', { has: page.getByRole('heading', { name: title, exact: true }) });
  const values = await chart.locator('tbody td:first-of-type').allInnerTexts();
  return { total: numberOf(await chart.locator('.number').first().innerText()), values: values.map(numberOf) };
}
