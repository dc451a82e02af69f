// What retention has in the address, and what it asks. Pure.
import { isDate } from '$lib/dates';
import type { Filter } from '$lib/filters';
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
    who: (text) => /^\d{4}-\d{2}-\d{2}(\.\d{1,2})?$/.test(text) && isDate(text.slice(0, 10)),
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
const startOf = (params: Params): Filter[] => parseStep(params['start'] ?? '') ?? [];

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

export interface Who {
  cohort: string;
  /** Those who came back in this period, from 0; all without. */
  returned_in?: number;
}

/** As the address says it: `2026-11-20`, `2026-11-20.3`. */
export const formatWho = ({ cohort, returned_in }: Who): string =>
  returned_in === undefined ? cohort : `${cohort}.${returned_in}`;

/** The users behind a number, if the address names some. */
export function whoOf(params: Params): Who | null {
  const [cohort, period] = (params['who'] ?? '').split('.');
  if (!cohort || (period !== undefined && Number(period) > retentionOf(params, []).periods)) return null;
  return period === undefined ? { cohort } : { cohort, returned_in: Number(period) };
}
