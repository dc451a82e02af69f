// What retention has in the address, what it asks, and what a cohort's range is. Pure.
import { addDays, addMonths, isDate } from '$lib/dates';
import type { Filter } from '$lib/filters';
import type { Absolute } from '$lib/range';
import { parseStep } from '$lib/steps';
import type { PageUrl } from '$lib/url';

const isStep = (text: string): boolean => parseStep(text) !== null;

export const RETENTION: PageUrl = {
  name: 'retention',
  params: {
    start: isStep,
    return: isStep,
    period: ['week', 'month'],
    periods: /[1-9]|[1-8]\d|90/,
    mode: ['recurring'],
    count: ['on_or_after'],
    kind: ['rolling'],
    show: ['users'],
  },
};

export type Period = 'day' | 'week' | 'month';
export const PERIODS = [
  ['day', 'Days'],
  ['week', 'Weeks'],
  ['month', 'Months'],
] as const;
export const LENGTHS = ['7', '14', '30', '60', '90'].map((count) => [count, count] as const);
export const MODES = [
  ['first', 'With the first ever'],
  ['recurring', 'In each period anew'],
] as const;
export const COUNTS = [
  ['on', 'In that period'],
  ['on_or_after', 'In that period or later'],
] as const;
export const KINDS = [
  ['calendar', 'Of the calendar'],
  ['rolling', 'From each user’s start'],
] as const;
export const SHOWN = [
  ['share', 'Shares'],
  ['users', 'Users'],
] as const;

type Params = Record<string, string>;
const pick = <T extends string>(options: readonly (readonly [T, string])[], value: string | undefined): T | undefined =>
  (options.find(([known]) => known === value) ?? options[0])?.[0];

export const periodOf = (params: Params): Period => pick(PERIODS, params['period']) ?? 'day';
export const startOf = (params: Params): Filter[] => parseStep(params['start'] ?? '') ?? [];

/** The part of the question that is no range. The filters of the page must hold for both events. */
export function retentionOf(params: Params, filters: readonly Filter[]) {
  return {
    start: { filters: [...startOf(params), ...filters] },
    return: { filters: [...(parseStep(params['return'] ?? '') ?? []), ...filters] },
    period: periodOf(params),
    periods: Number(params['periods'] ?? 7),
    mode: pick(MODES, params['mode']),
    count: pick(COUNTS, params['count']),
    kind: pick(KINDS, params['kind']),
  };
}

/** The part of a cohort's period that lies in a range of dates; null in one of instants. */
export function rangeOf(cohort: string, period: Period, { from, to }: Absolute): Absolute | null {
  if (!isDate(from)) return null;
  const end = period === 'month' ? addMonths(cohort, 1) : addDays(cohort, period === 'week' ? 7 : 1);
  return { from: cohort < from ? from : cohort, to: end > to ? to : end };
}
