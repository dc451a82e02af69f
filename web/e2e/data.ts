// Events of a test's own: a tenant of its own keeps them apart from others'.
import type { Locator, Page } from 'playwright-core';
import { inject } from 'vitest';
import { settled } from './browser';
import { absolute } from '../src/lib/range';
import { parse } from '../src/lib/url';

export interface Sent {
  event_name: string;
  conversation_id?: string;
  timestamp: string;
  user_id?: string;
  input?: string;
  output?: string;
  error?: string;
  latency?: number;
  properties?: object;
}

export const ownTenant = (name: string): string => `page-${name}-${Date.now()}`;

/** The envelope of an answer. */
export async function ask<Data>(tenant: string, path: string, body?: unknown): Promise<{ data: Data }> {
  const headers = { 'X-Tenant': tenant };
  const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(inject('page') + path, init);
  if (!response.ok) throw new Error(`${path} is answered with ${response.status}: ${await response.text()}`);
  return response.json() as Promise<{ data: Data }>;
}

/** Sends events, and waits until questions see them. Says their ids. */
export async function send(tenant: string, events: Sent[]): Promise<string[]> {
  const { data } = await ask<{ results: { id?: string }[] }>(tenant, '/events?wait=30s', { events });
  return data.results.map((result) => {
    if (!result.id) throw new Error(JSON.stringify(result));
    return result.id;
  });
}

/** Follows a link to the events behind a number, and says how many there are: as the page tells, and as the API lists. */
export async function behind(page: Page, link: Locator): Promise<{ told: string; listed: number }> {
  await link.click();
  await page.waitForURL('**/ui/explorer**');
  await settled(page);
  const pages = [{ name: 'explorer', params: { order: /.*/ } }];
  const { view, notices } = parse(new URL(page.url()), pages, 'Europe/Berlin');
  if (notices.length > 0) throw new Error(notices.join(' '));
  const { from, to } = absolute(view.range, view.zone, Date.now());
  const query = { from, to, timezone: view.zone, filters: JSON.stringify(view.filters), limit: '1000' };
  const { data } = await ask<unknown[]>(view.tenant, `/events?${new URLSearchParams(query).toString()}`);
  const told = await page.locator('main .stat .number').first().innerText();
  return { told, listed: data.length };
}
