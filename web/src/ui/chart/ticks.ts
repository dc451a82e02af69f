// Where the ticks of the axis of time stand, and what they say. Pure.
import { tickName } from '$lib/format';
import { beginsDay } from '$lib/zone';
import type { ChartData } from './model';

/** Pixels that a label takes with the room around it. */
const LABEL = 64;
const DAYS_ALONE_MS = 2 * 86_400_000;
/** Minutes between two ticks, all of them parts of a day. */
const ROUND = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
/** Minutes of the intervals that a day has many of. */
const LENGTHS: Record<string, number> = { minute: 1, hour: 60 };

/** By its place in what the API writes, in the zone of the answer: `2026-11-27T12:03:00+01:00`. */
const dateOf = (start: string): string => start.slice(0, 10);
const minuteOf = (start: string): number => Number(start.slice(11, 13)) * 60 + Number(start.slice(14, 16));

type Timed = Pick<ChartData, 'buckets' | 'interval' | 'zone'>;

/** Whether a local day begins with that bucket, which need not be at 00:00. */
function isDayStart({ buckets, zone }: Timed, index: number): boolean {
  const [before, bucket] = [buckets[index - 1], buckets[index]];
  if (!bucket) return false;
  return before ? dateOf(before.start) !== dateOf(bucket.start) : beginsDay(Date.parse(bucket.start), zone);
}

/**
 * The buckets that have a tick on that width (pixels), so that labels stand apart. Of hours and minutes they are those
 * that begin a day if there are more than two days, and those at round times otherwise.
 */
export function ticks(data: Timed, width: number): number[] {
  const { buckets, interval } = data;
  const all = buckets.map((_, index) => index);
  /** Buckets between two ticks at least. */
  const apart = Math.max(1, Math.ceil((buckets.length * LABEL) / Math.max(width, LABEL)));
  const minutes = LENGTHS[interval];
  if (!minutes) return all.filter((index) => index % apart === 0);

  const days = all.filter((index) => isDayStart(data, index));
  const length = Date.parse(buckets.at(-1)?.start ?? '') - Date.parse(buckets[0]?.start ?? '');
  if (length > DAYS_ALONE_MS) {
    const step = Math.ceil((apart * minutes) / 1_440);
    return days.filter((_, index) => index % step === 0);
  }
  const step = ROUND.find((round) => round >= apart * minutes) ?? 1_440;
  const round = all.filter((index) => days.includes(index) || minuteOf(buckets[index]?.start ?? '') % step === 0);
  // Of an hour that the clocks show twice there is one tick.
  return round.reduce<number[]>((kept, at) => (at - (kept.at(-1) ?? -apart) < apart ? kept : [...kept, at]), []);
}

/** A date where a day begins. */
export function tickAt(data: Timed, index: number): string {
  const start = data.buckets[index]?.start;
  if (!start) return '';
  const isDate = data.interval in LENGTHS && isDayStart(data, index);
  return tickName(start, isDate ? 'day' : data.interval, data.zone);
}
