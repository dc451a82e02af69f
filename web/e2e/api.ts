// What the tests ask the API themselves, to hold the page against.
export const API = process.env['MILLRACE_URL'] ?? 'http://127.0.0.1:8080';
const ZONE = 'Europe/Berlin';
const DAY_MS = 86_400_000;
const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Days that are over everywhere: nothing is added to them while a test runs. */
export function daysBefore(days: number): { from: string; to: string; timezone: string } {
  const to = Date.now() - 2 * DAY_MS;
  return { from: date(to - days * DAY_MS), to: date(to), timezone: ZONE };
}

export interface Asked {
  query?: Record<string, string>;
  body?: unknown;
  tenant?: string;
  /** Another server than that of all tests, and a key that it asks for. */
  api?: string;
  key?: string;
}

/** `data` of an answer. */
export async function ask<Data>(path: string, how: Asked): Promise<Data> {
  const query = new URLSearchParams(how.query).toString();
  const headers: Record<string, string> = {};
  if (how.tenant) headers['X-Tenant'] = how.tenant;
  if (how.key) headers['X-Api-Key'] = how.key;
  const init = how.body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(how.body) };
  const answer = await fetch(`${how.api ?? API}${path}${query && `?${query}`}`, init);
  const told = (await answer.json()) as { data: Data };
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(told)}`);
  return told.data;
}

/** How many events or users a link of the page leads to: the list of its filters and range, walked to its end. */
export async function countBehind(href: string): Promise<number> {
  const url = new URL(href, 'http://page');
  const list = url.pathname.endsWith('/users') ? '/users' : '/events';
  const filters = url.searchParams.getAll('f').map((text) => {
    const [field, op, values] = text.split(':');
    return { field, op, values: values?.split(',') ?? [] };
  });
  const query = {
    from: url.searchParams.get('from') ?? '',
    to: url.searchParams.get('to') ?? '',
    timezone: ZONE,
    filters: JSON.stringify(filters),
  };
  return countRows(list, query);
}

/** How many rows a list has, walked to its end. */
export async function countRows(list: string, query: Record<string, string>, tenant?: string): Promise<number> {
  const headers: Record<string, string> = tenant ? { 'X-Tenant': tenant } : {};
  let count = 0;
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const address = new URLSearchParams({ ...query, limit: '1000', ...(cursor ? { cursor } : {}) }).toString();
    const response: Response = await fetch(`${API}${list}?${address}`, { headers });
    const page = (await response.json()) as { data: unknown[]; next_cursor?: string };
    count += page.data.length;
    cursor = page.next_cursor;
  }
  return count;
}

/** The number that a text of the page prints. */
export const numberOf = (text: string | null): number => Number((text ?? '').replaceAll(',', ''));
