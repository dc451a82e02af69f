// How the values of a field are spread over some events and over the rest of them. Pure. The API counts both; a share
// is what the page makes of two counts, since the API has no question for it.
import type { Schemas } from '$lib/api';

type Series = Schemas['Series'];

export interface Value {
  /** Null for the events that have no value. */
  key: string | null;
  selected: number;
  rest: number;
  /** Shares of 0 to 1. */
  selectedShare: number;
  restShare: number;
}
export interface Difference {
  field: string;
  /** Those that differ most first. */
  values: Value[];
  /** The greatest difference of two shares, 0 to 1. */
  most: number;
}

const id = ({ role, key }: Series): string | null => (role === 'value' ? (key ?? '') : null);
const known = (series: readonly Series[]) => series.filter(({ role }) => role !== 'other');

/** The values of a selection that the breakdown of all does not tell, being too many. */
export function untold(selected: readonly Series[], all: readonly Series[]): string[] {
  const told = new Set(all.filter(({ role }) => role === 'value').map(id));
  return selected.flatMap((series) => (series.role === 'value' && !told.has(id(series)) ? [series.key ?? ''] : []));
}

/**
 * Compares two breakdowns by one field, of the selection and of all events, which the selection is a part of. Without
 * a rest, or without a value that can be told, there is nothing to compare.
 */
export function difference(
  field: string,
  selected: readonly Series[],
  all: readonly Series[],
  totals: { selected: number; all: number },
): Difference | null {
  const restTotal = totals.all - totals.selected;
  if (totals.selected <= 0 || restTotal <= 0) return null;
  const counts = new Map<string | null, { selected: number; all: number }>();
  for (const series of known(all)) counts.set(id(series), { selected: 0, all: series.total ?? 0 });
  const cut = selected.some(({ role }) => role === 'other');
  for (const series of known(selected)) {
    const before = counts.get(id(series));
    counts.set(id(series), { selected: series.total ?? 0, all: before?.all ?? series.total ?? 0 });
  }
  const listed = new Set(known(selected).map(id));
  const values = [...counts].flatMap(([key, count]): Value[] => {
    // Of a selection that has more values than are listed the others are not none, but unknown.
    if (cut && key !== null && !listed.has(key)) return [];
    const rest = Math.max(0, count.all - count.selected);
    return [
      { key, selected: count.selected, rest, selectedShare: count.selected / totals.selected, restShare: rest / restTotal },
    ]; // prettier-ignore
  });
  if (values.every(({ key }) => key === null)) return null;
  values.sort((one, other) => gap(other) - gap(one) || other.selected - one.selected);
  return { field, values, most: values[0] ? gap(values[0]) : 0 };
}

const gap = ({ selectedShare, restShare }: Value): number => Math.abs(selectedShare - restShare);

export const byDifference = (one: Difference, other: Difference): number =>
  other.most - one.most || one.field.localeCompare(other.field);
