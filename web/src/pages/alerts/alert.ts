// An alert, and the events that it is about. Pure.
import type { Schemas } from '$lib/api';
import { isField, type Filter } from '$lib/filters';
import { isolated } from '$lib/format';
import type { Absolute } from '$lib/range';

export type Alert = Schemas['Alert'];

const AROUND_MS = 3_600_000;

/** The texts that the alert is told apart by, as filters. */
export const keyFilters = ({ key }: Alert): Filter[] =>
  Object.entries(key).flatMap(([field, value]): Filter[] => {
    if (!isField(field)) return [];
    return value === '' ? [{ field, op: 'not_set', values: [] }] : [{ field, op: 'is', values: [value] }];
  });

/** From an hour before it fired to an hour after it was over, or after it fired if it goes on. */
export function around({ fired_at, resolved_at }: Alert): Absolute {
  const at = (instant: string, ms: number) => new Date(Date.parse(instant) + ms).toISOString();
  return { from: at(fired_at, -AROUND_MS), to: at(resolved_at ?? fired_at, AROUND_MS) };
}

/** The rules that fired, each once, by name. */
export const rulesOf = (alerts: readonly Alert[]): string[] =>
  [...new Set(alerts.map(({ rule }) => rule))].sort((one, other) => one.localeCompare(other));

/** What tells the alert from others of its rule, short enough for a row; else what is the matter. */
export function brief({ key, message }: Alert): string {
  const told = Object.entries(key).map(
    ([field, value]) => `${field.slice(field.lastIndexOf('.') + 1)} = ${isolated(value || '""')}`,
  );
  return told.join(', ') || message;
}

export const BADGES = { open: 'bad', acknowledged: 'warning', resolved: 'plain' } as const;
