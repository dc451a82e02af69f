// The state of the page is its URL: what is not in it does not survive a reload, and what is can be shared. Pure.
import { formatFilter, parseFilter, type Filter } from './filters';
import { quoted } from './format';
import { absolute, absoluteRange, DEFAULT_RANGE, isPreset, type Range } from './range';
import { isZone } from './zone';

export const BASE = '/ui/';
export const INTERVALS = ['auto', 'minute', 'hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];
export const COMPARES = ['previous_period', 'same_weekday'] as const;
export type Compare = (typeof COMPARES)[number];

/** What a page says of its part of the URL. */
export interface PageUrl {
  name: string;
  /** Whether a path may go on behind the page's name, as in `/ui/user/ada`. */
  takesId?: boolean;
  /** Parameters of the page alone. */
  params?: Record<string, Allowed>;
}

/** What a parameter may be: one of some words, what a pattern matches from end to end, or what passes a test. */
export type Allowed = readonly string[] | RegExp | ((value: string) => boolean);

export interface View {
  page: string;
  id: string;
  tenant: string;
  range: Range;
  zone: string;
  interval: Interval;
  compare: Compare | null;
  filters: Filter[];
  /** The names of the charts that are shown as tables. */
  tables: string[];
  params: Record<string, string>;
}

/** The pattern of an event's id. */
export const EVENT_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

export const DEFAULT_TENANT = 'default';
const isTenant = (name: string): boolean => /^[\w.-]{1,64}$/.test(name);
const includes = <T extends string>(list: readonly T[], text: string): text is T =>
  (list as readonly string[]).includes(text);

function allows(allowed: Allowed, value: string): boolean {
  if (typeof allowed === 'function') return allowed(value);
  if (allowed instanceof RegExp) return new RegExp(`^(?:${allowed.source})$`, 's').test(value);
  return allowed.includes(value);
}

/** Reads a URL. What can't be read is dropped, with a notice for people; the first page is that of `/ui/` itself. */
export function parse(url: URL, pages: readonly PageUrl[], zone: string): { view: View; notices: string[] } {
  const notices: string[] = [];
  const drop = (what: string) => notices.push(`${what} in the address was not understood, and is left out.`);
  const first = pages[0]?.name ?? '';
  const view: View = {
    page: first, id: '', tenant: DEFAULT_TENANT, range: DEFAULT_RANGE, zone,
    interval: 'auto', compare: null, filters: [], tables: [], params: {},
  }; // prettier-ignore

  const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname.slice(1);
  const [name = '', ...id] = path.replace(/\/$/, '').split('/');
  const page = pages.find((known) => known.name === (name || first));
  if (page && (id.length === 0 || page.takesId)) {
    view.page = page.name;
    view.id = decode(id.join('/'));
  } else drop(`The page ${quoted(path)}`);

  const ends: { from?: string; to?: string } = {};
  for (const [key, value] of url.searchParams) {
    const allowed = page?.params?.[key];
    if (key === 'from' || key === 'to') ends[key] = value;
    else if (key === 'range' && isPreset(value)) view.range = { preset: value };
    else if (key === 'tenant' && isTenant(value)) view.tenant = value;
    else if (key === 'tz' && isZone(value)) view.zone = value;
    else if (key === 'interval' && includes(INTERVALS, value)) view.interval = value;
    else if (key === 'compare' && includes(COMPARES, value)) view.compare = value;
    else if (key === 'f' && parseFilter(value)) view.filters.push(parseFilter(value) as Filter);
    else if (key === 'table' && value !== '') view.tables = [...new Set([...view.tables, value])];
    else if (allowed && allows(allowed, value)) view.params[key] = value;
    else drop(quoted(`${key}=${value}`));
  }
  if (ends.from !== undefined || ends.to !== undefined) {
    const range = absoluteRange(ends.from ?? '', ends.to ?? '');
    if (range) view.range = range;
    else drop(quoted(`from=${ends.from ?? ''}&to=${ends.to ?? ''}`));
  }
  return { view, notices: [...new Set(notices)] };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The path and query of a view. What is as it would be without is left out; `zone` is the browser's. */
export function format(view: View, pages: readonly PageUrl[], zone: string): string {
  const query = new URLSearchParams();
  if (view.tenant !== DEFAULT_TENANT) query.set('tenant', view.tenant);
  if (!('preset' in view.range)) {
    query.set('from', view.range.from);
    query.set('to', view.range.to);
  } else if (JSON.stringify(view.range) !== JSON.stringify(DEFAULT_RANGE)) query.set('range', view.range.preset);
  if (view.zone !== zone) query.set('tz', view.zone);
  if (view.interval !== 'auto') query.set('interval', view.interval);
  if (view.compare) query.set('compare', view.compare);
  for (const filter of view.filters) query.append('f', formatFilter(filter));
  for (const name of view.tables) query.append('table', name);
  for (const [key, value] of Object.entries(view.params)) if (value !== '') query.set(key, value);
  const path = [view.page === pages[0]?.name && !view.id ? '' : view.page, view.id && encodeURIComponent(view.id)];
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
  return BASE + path.filter(Boolean).join('/') + (text && `?${text}`);
}

/** The same view for somebody else, later and elsewhere: with absolute times and the zone. */
export function formatShared(view: View, pages: readonly PageUrl[], now: number): string {
  return format({ ...view, range: absolute(view.range, view.zone, now) }, pages, '');
}
