// A part of the range that somebody picked on the chart, as a parameter of the URL: `from~to`. Pure.
import { isDate } from '$lib/dates';
import { absoluteRange, type Absolute } from '$lib/range';

export const SPIKE = /[\d.:+TZ-]+~[\d.:+TZ-]+/;

export const formatSpike = ({ from, to }: Absolute): string => `${from}~${to}`;

export function parseSpike(text: string | undefined): Absolute | null {
  const [from = '', to = ''] = (text ?? '').split('~');
  return absoluteRange(from, to);
}

/** The first and the last of the buckets that begin in it; null if none does. */
export function bucketsOf({ from, to }: Absolute, starts: readonly string[]): [number, number] | null {
  const inside = (start: string) => {
    if (isDate(from)) return start.slice(0, 10) >= from && start.slice(0, 10) < to;
    return Date.parse(start) >= Date.parse(from) && Date.parse(start) < Date.parse(to);
  };
  const first = starts.findIndex(inside);
  return first < 0 ? null : [first, starts.findLastIndex(inside)];
}
