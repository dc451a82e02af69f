// An alert, and the events that it is about. Pure.
import type { Schemas } from '$lib/api';
import { FAILED, isField, withFilter, type Filter } from '$lib/filters';
import { isolated } from '$lib/format';
import { formatMetric } from '$lib/metric';
import type { Absolute } from '$lib/range';

export type Alert = Schemas['Alert'];

/** A place in the explorer, and what it is called. */
export interface Lead {
  title: string;
  filters: Filter[];
  range: Absolute;
  params: Record<string, string>;
}

const AROUND_MS = 3_600_000;

/** The texts that the alert is told apart by, as filters. */
export const keyFilters = ({ key }: Alert): Filter[] =>
  Object.entries(key).flatMap(([field, value]): Filter[] => {
    if (!isField(field)) return [];
    return value === '' ? [{ field, op: 'not_set', values: [] }] : [{ field, op: 'is', values: [value] }];
  });

const later = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();

/** From an hour before it fired to an hour after it was over, or after it fired if it goes on. */
export const around = ({ fired_at, resolved_at }: Alert): Absolute => ({
  from: later(fired_at, -AROUND_MS),
  to: later(resolved_at ?? fired_at, AROUND_MS),
});

/** Where the alert's events are seen, those that it was measured of first. */
export function leads(alert: Alert): Lead[] {
  if (alert.measured) return ofMeasured(alert, alert.measured);
  const [filters, range] = [keyFilters(alert), around(alert)];
  const title = filters.length > 0 ? 'Events of this key around then' : 'Events around then';
  const fired = alert.event
    ? [{ title: 'The event that fired it', filters, range, params: { event: alert.event } }]
    : [];
  return [...fired, { title, filters, range, params: {} }];
}

function ofMeasured(alert: Alert, measured: NonNullable<Alert['measured']>): Lead[] {
  const { from, to } = measured;
  const [metric, filters, range] = [formatMetric(measured.metric), measured.filters as Filter[], { from, to }];
  if (metric === 'events' && alert.value === 0) {
    // In a silence there is nothing to see.
    const before = later(from, Date.parse(from) - Date.parse(to));
    return [
      { title: 'Events before and after it', filters, range: { from: before, to: around(alert).to }, params: {} },
    ];
  }
  const order: Record<string, string> = metric.startsWith('latency_') ? { order: 'slowest' } : {};
  const all = { title: 'The events it was measured of', filters, range, params: { metric, ...order } };
  if (metric !== 'errors' && metric !== 'error_rate') return [all];
  return [all, { title: 'The errors among them', filters: withFilter(filters, FAILED), range, params: {} }];
}

/** The rules that fired, each once, by name. */
export const rulesOf = (alerts: readonly Alert[]): string[] =>
  [...new Set(alerts.map(({ rule }) => rule))].sort((one, other) => one.localeCompare(other));

const isKeyed = ({ key }: Alert): boolean => Object.keys(key).length > 0;

/** What holds as a whole comes before what fires for each key, which may be many; else as they were. */
export const wholeFirst = (alerts: readonly Alert[]): Alert[] => [
  ...alerts.filter((alert) => !isKeyed(alert)),
  ...alerts.filter(isKeyed),
];

/** What tells the alert from others of its rule, short enough for a row; else what is the matter. */
export function brief({ key, message }: Alert): string {
  const told = Object.entries(key).map(
    ([field, value]) => `${field.slice(field.lastIndexOf('.') + 1)} = ${isolated(value || '""')}`,
  );
  return told.join(', ') || message;
}

/** What is the matter by rule, in a line: of a rule that fires for each key, for how many of them. */
export function briefly(alerts: readonly Alert[]): { rule: string; says: string }[] {
  const ordered = wholeFirst(alerts);
  return [...new Set(ordered.map(({ rule }) => rule))].map((rule) => {
    const [first, ...others] = ordered.filter((alert) => alert.rule === rule);
    return { rule, says: first && others.length === 0 ? brief(first) : `${others.length + 1} open` };
  });
}

export const BADGES = { open: 'bad', acknowledged: 'warning', resolved: 'plain' } as const;
