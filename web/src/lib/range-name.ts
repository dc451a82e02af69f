// What a range is called. Pure.
import { addDays, isDate } from './dates';
import { day, timestamp } from './format';
import { absolute, PRESET_NAMES, type Range } from './range';
import { localDate } from './zone';

export function rangeName(range: Range, zone: string, now: number): string {
  return 'preset' in range ? PRESET_NAMES[range.preset] : rangeDays(range, zone, now);
}

/** Its days, the last one included, or its minutes; a year only if it is not this one. */
export function rangeDays(range: Range, zone: string, now: number): string {
  const { from, to } = absolute(range, zone, now);
  if (!isDate(from)) return [from, to].map((end) => timestamp(end, zone).slice(0, 16)).join(' – ');
  const thisYear = localDate(now, zone).slice(0, 4);
  const print = (date: string): string => (date.startsWith(thisYear) ? day(Date.parse(date), 'UTC') : date);
  const last = addDays(to, -1);
  return from === last ? print(from) : `${print(from)} – ${print(last)}`;
}
