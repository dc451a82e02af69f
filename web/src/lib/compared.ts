// Which time a range is compared with, by its local days or minutes. The API computes the numbers of it, by the same
// rules. Pure.
import { addDays, addMonths, daysBetween, isDate, monthsBetween } from './dates';
import { wallSpan } from './format';
import type { Absolute } from './range';
import type { Compare } from './url';
import { beginsDay, localDate, wallClock } from './zone';

const WEEK_MS = 7 * 86_400_000;

/** `14–20 Nov 2026` of whole days, else with the minutes: `26 Nov 2026, 10:00–12:00`. */
export function comparedName(range: Absolute, zone: string, compare: Compare): string {
  const days = daysOf(range, zone);
  if (days) {
    const { from, to } = daysBefore(days, compare);
    return wallSpan(Date.parse(from), Date.parse(addDays(to, -1)), false);
  }
  const [from, to] = [Date.parse(range.from), Date.parse(range.to)];
  if (compare === 'previous_period') return wallSpan(wallClock(from - (to - from), zone), wallClock(from, zone), true);
  // The same local times of other days, whether or not the clocks were set between.
  const back = Math.ceil((to - from) / WEEK_MS) * WEEK_MS;
  return wallSpan(wallClock(from, zone) - back, wallClock(to, zone) - back, true);
}

/** The local days that a range is of, `to` lying outside; null if it begins or ends within one. */
function daysOf({ from, to }: Absolute, zone: string): Absolute | null {
  if (isDate(from)) return { from, to };
  const ends = [Date.parse(from), Date.parse(to)] as const;
  if (!ends.every((end) => beginsDay(end, zone))) return null;
  return { from: localDate(ends[0], zone), to: localDate(ends[1], zone) };
}

function daysBefore({ from, to }: Absolute, compare: Compare): Absolute {
  const days = daysBetween(from, to);
  if (compare === 'same_weekday') {
    const back = -7 * Math.ceil(days / 7);
    return { from: addDays(from, back), to: addDays(to, back) };
  }
  const months = from.endsWith('-01') && to.endsWith('-01');
  return { from: months ? addMonths(from, -monthsBetween(from, to)) : addDays(from, -days), to: from };
}
