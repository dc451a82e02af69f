// What a chart draws, without drawing: which parts are dashed, where ticks stand, what a drag means. Pure.
import type { Schemas } from '$lib/api';
import { bucketName, clock } from '$lib/format';
import { localDate } from '$lib/zone';
import type { Absolute } from '$lib/range';

export type Bucket = Schemas['Bucket'];
export type Values = readonly (number | null)[];

export interface Line {
  name: string;
  values: Values;
  /** A custom property of styles/tokens.css, such as `--series-1`. */
  colour: string;
  /** The same of another time, bucket by bucket: drawn thin and dashed. */
  compared?: boolean;
}

export interface ChartData {
  buckets: readonly Bucket[];
  lines: readonly Line[];
  interval: string;
  zone: string;
  /** Up to when events are in the answer, and where its range begins and ends. */
  until: string;
  from: string;
  to: string;
}

/** Fits values to the buckets; nothing is said of buckets that have not begun. */
export function shown({ buckets, until }: ChartData, { values }: Line): (number | null)[] {
  const end = Date.parse(until);
  return buckets.map(({ start }, index) => (Date.parse(start) > end ? null : (values[index] ?? null)));
}

/** Splits a line where buckets are not whole: what leads to such a bucket and from it is dashed. */
export function split(values: Values, buckets: readonly Bucket[]): { solid: Values; dashed: Values } {
  const whole = (index: number) => buckets[index]?.complete ?? true;
  return {
    solid: values.map((value, index) => (whole(index) ? value : null)),
    dashed: values.map((value, index) => (whole(index - 1) && whole(index) && whole(index + 1) ? null : value)),
  };
}

/** Values with nothing on either side: a line does not show them, a point does. */
export const isolated = (values: Values): number[] =>
  values.flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : [],
  );

/** Round values from 0 up to at least `max`, as many as stand apart on that height (pixels); of counts `whole` ones. */
export function steps(max: number, height: number, whole = false): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = Math.max(max / Math.max(2, Math.round(height / 56)), whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    power *
    ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999 && !(whole && factor * power === 2.5)) ?? 10);
  const count = Math.ceil(max / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** `so far, until 14:03` of the bucket that now lies in, nothing of a whole one. */
export function partly({ buckets, zone, until }: ChartData, index: number): string {
  const bucket = buckets[index];
  if (!bucket || bucket.complete) return '';
  const end = Date.parse(until);
  if (Date.parse(bucket.start) > end) return 'to come';
  const next = buckets[index + 1];
  const goesOn = !next || Date.parse(next.start) > end;
  return goesOn ? `so far, until ${clock(end, zone)}` : 'in part';
}

export const nameAt = ({ buckets, interval, zone }: ChartData, index: number): string =>
  buckets[index] ? bucketName(buckets[index].start, interval, zone) : '';

/**
 * The range of some buckets in a row: of local dates where buckets are days or longer. Null if that is no range. The
 * first bucket of an answer may begin before its range does, and the last one end after it.
 */
export function rangeOf(
  { buckets, interval, zone, from, to }: ChartData,
  first: number,
  last: number,
): Absolute | null {
  const start = buckets[first]?.start;
  if (!start) return null;
  const begin = Math.max(Date.parse(start), Date.parse(from));
  const end = Date.parse(buckets[last + 1]?.start ?? to);
  const isMidnight = (ms: number) => ms % 60_000 === 0 && clock(ms, zone) === '00:00';
  if (interval !== 'minute' && interval !== 'hour' && isMidnight(begin) && isMidnight(end))
    return { from: localDate(begin, zone), to: localDate(end, zone) };
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}
