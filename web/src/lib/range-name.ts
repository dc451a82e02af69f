// What a range is called. Pure.
import { addDays, isDate } from './dates';
import { day, wallSpan } from './format';
import { absolute, PRESET_NAMES, type Range } from './range';
import { localDate, wallClock } from './zone';

export function rangeName(range: Range, zone: string, now: number): string {
  return 'preset' in range ? PRESET_NAMES[range.preset] : rangeDays(range, zone, now);
}

/** Its days, the last one included, or its minutes; days have a year only if it is not this one. */
export function rangeDays(range: Range, zone: string, now: number): string {
  const { from, to } = absolute(range, zone, now);
  if (!isDate(from)) return wallSpan(wallClock(Date.parse(from), zone), wallClock(Date.parse(to), zone), true);
  const last = addDays(to, -1);
  const thisYear = localDate(now, zone).slice(0, 4);
  if (![from, last].every((date) => date.startsWith(thisYear)))
    return wallSpan(Date.parse(from), Date.parse(last), false);
  const print = (date: string): string => day(Date.parse(date), 'UTC');
  return from === last ? print(from) : `${print(from)} – ${print(last)}`;
}
