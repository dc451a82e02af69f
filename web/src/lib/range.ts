// Ranges of time, as people name them and as the API takes them. Both ends of an absolute range are local dates or
// both are instants; `to` lies outside.
import { addDays, addMonths, daysBetween, isDate, monthStart } from './dates';
import type { Interval } from './url';
import { localDate } from './zone';

export const PRESETS = ['today', 'yesterday', '24h', '7d', '30d', 'month'] as const;
export type Preset = (typeof PRESETS)[number];
export interface Absolute {
  from: string;
  to: string;
}
export type Range = { preset: Preset } | Absolute;
export const DEFAULT_RANGE: Range = { preset: '7d' };

/** Parameters of all questions. */
export type RangeParameters = { from: string; to: string; timezone: string } | { days: number; timezone: string };

export const PRESET_NAMES: Record<Preset, string> = {
  today: 'Today',
  yesterday: 'Yesterday',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  month: 'This month',
};

export const isPreset = (text: string): text is Preset => (PRESETS as readonly string[]).includes(text);

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const isInstant = (text: string): boolean => INSTANT.test(text) && !isNaN(Date.parse(text));

/** Null if one end can't be read, they are of different kinds, or out of order. */
export function absoluteRange(from: string, to: string): Absolute | null {
  if (isDate(from) && isDate(to)) return from < to ? { from, to } : null;
  if (isInstant(from) && isInstant(to)) return Date.parse(from) < Date.parse(to) ? { from, to } : null;
  return null;
}

/** The ends of a range as they are now; of the last 24 hours to the millisecond. */
export function absolute(range: Range, zone: string, now: number): Absolute {
  if (!('preset' in range)) return range;
  const today = localDate(now, zone);
  switch (range.preset) {
    case 'today':
      return { from: today, to: addDays(today, 1) };
    case 'yesterday':
      return { from: addDays(today, -1), to: today };
    case '24h':
      return { from: new Date(now - 86_400_000).toISOString(), to: new Date(now).toISOString() };
    case '7d':
      return { from: addDays(today, -6), to: addDays(today, 1) };
    case '30d':
      return { from: addDays(today, -29), to: addDays(today, 1) };
    case 'month':
      return { from: monthStart(today), to: addMonths(today, 1) };
  }
}

/** The last 24 hours are told as `days`, so that the question stays the same while time goes by. */
export function rangeParameters(range: Range, zone: string, now: number): RangeParameters {
  if ('preset' in range && range.preset === '24h') return { days: 1, timezone: zone };
  return { ...absolute(range, zone, now), timezone: zone };
}

const same = (one: Absolute, other: Absolute): boolean => one.from === other.from && one.to === other.to;

/** The range of the same length before (-1) or behind (1): months by months, dates by days, instants by milliseconds. */
export function shift(range: Range, direction: -1 | 1, zone: string, now: number): Range {
  const { from, to } = absolute(range, zone, now);
  let moved: Absolute;
  if (!isDate(from)) {
    const length = (Date.parse(to) - Date.parse(from)) * direction;
    const move = (end: string) => new Date(Date.parse(end) + length).toISOString();
    moved = { from: move(from), to: move(to) };
  } else if (from === monthStart(from) && to === addMonths(from, 1)) {
    moved = { from: addMonths(from, direction), to: addMonths(to, direction) };
  } else {
    const days = daysBetween(from, to) * direction;
    moved = { from: addDays(from, days), to: addDays(to, days) };
  }
  const named = PRESETS.find((preset) => same(absolute({ preset }, zone, now), moved));
  return named ? { preset: named } : moved;
}

/** Whether a range begins later than now: there is nothing in it. */
export function isFuture(range: Range, zone: string, now: number): boolean {
  const { from } = absolute(range, zone, now);
  return isDate(from) ? from > localDate(now, zone) : Date.parse(from) >= now;
}

/** Whether a question of such parameters is about a time that has ended. */
export function isOver(asked: unknown, now: number): boolean {
  const { to, timezone } = (asked ?? {}) as { to?: string; timezone?: string };
  if (!to || !timezone) return false;
  return isDate(to) ? to <= localDate(now, timezone) : Date.parse(to) <= now;
}

const MINUTE_MS = 60_000;
const LENGTHS_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1_440 * MINUTE_MS, week: 7 * 1_440 * MINUTE_MS, month: 28 * 1_440 * MINUTE_MS }; // prettier-ignore
const MOST_BUCKETS = 2_000;

/** The intervals that make sense of a range: more than a bucket, and not more of them than a chart can show. */
export function fittingIntervals(range: Range, zone: string, now: number): Interval[] {
  const { from, to } = absolute(range, zone, now);
  const length = Date.parse(to) - Date.parse(from);
  return (Object.entries(LENGTHS_MS) as [Interval, number][]).flatMap(([name, ms]) =>
    length > ms && length <= ms * MOST_BUCKETS ? [name] : [],
  );
}

/** What `auto` stands for, by the rule of the API. Of dates it takes days of 24 hours. */
function automatic(range: Range, zone: string, now: number): Interval {
  const { from, to } = absolute(range, zone, now);
  const length = Date.parse(to) - Date.parse(from);
  const { hour, day } = LENGTHS_MS;
  const upTo = [['minute', 2 * hour], ['hour', 3 * day], ['day', 120 * day], ['week', 730 * day]] as const; // prettier-ignore
  return upTo.find(([, most]) => length <= most)?.[0] ?? 'month';
}

/** The interval behind another, of those that fit, around and around. `auto` is there for the one that it stands for. */
export function nextInterval(interval: Interval, range: Range, zone: string, now: number): Interval {
  const auto = automatic(range, zone, now);
  const named = (name: Interval) => (name === auto ? 'auto' : name);
  const around = fittingIntervals(range, zone, now).map(named);
  return around[(around.indexOf(named(interval)) + 1) % around.length] ?? 'auto';
}
