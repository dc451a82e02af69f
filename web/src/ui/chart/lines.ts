// Lines of a chart from an answer of `POST /query`. Pure.
import type { Schemas } from '$lib/api';
import { beginning } from '$lib/format';
import type { ChartData, Line, Values } from './model';

type Answer = Schemas['Told_Answer'];

type Metric = { values: Values } | undefined;
/** One metric, and beside it the same of the time that is compared with, which `against` names. */
export function metricChart(
  { data, meta }: Answer,
  title: string,
  now: Metric,
  before: Metric,
  against: string,
): ChartData {
  const lines: Line[] = [{ name: before ? 'This period' : title, values: now?.values ?? [], colour: '--series-1' }];
  if (before) lines.push({ name: against, values: before.values, colour: '--text-soft', compared: true });
  return chartOf(data.buckets, meta, lines);
}

export function chartOf(buckets: ChartData['buckets'], meta: Answer['meta'], lines: Line[]): ChartData {
  const until = meta.complete_until ?? meta.to;
  return { buckets, lines, interval: meta.interval ?? 'day', zone: meta.timezone, until, from: meta.from, to: meta.to };
}

const COLOURS = 8;

/** What a series of a breakdown is called. */
export const seriesName = ({ key, role }: Pick<Schemas['Series'], 'key' | 'role'>): string =>
  role === 'other' ? 'All others' : role === 'none' ? 'Without a value' : beginning(key ?? '') || '""';

/** The colour of the series at that place; beyond the eighth, and of all others, the soft one. */
export const seriesColour = (role: string, index: number): string =>
  role === 'value' && index < COLOURS ? `--series-${index + 1}` : '--series-rest';

/** A metric divided by a field: a line for each value. */
export function breakdownChart({ data, meta }: Answer): ChartData {
  const lines = data.series.map((series, index): Line => {
    return { name: seriesName(series), values: series.values, colour: seriesColour(series.role, index) };
  });
  return chartOf(data.buckets, meta, lines);
}
