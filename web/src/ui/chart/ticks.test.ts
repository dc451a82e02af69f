import { describe, expect, test } from 'vitest';
import { offset } from '$lib/zone';
import { tickAt, ticks } from './ticks';

const HOUR_MS = 3_600_000;
const LENGTHS = { minute: HOUR_MS / 60, hour: HOUR_MS, day: 24 * HOUR_MS };

/** Buckets as the API writes them, which begin at that instant. */
function chart(interval: keyof typeof LENGTHS, from: string, count: number, zone: string) {
  const buckets = Array.from({ length: count }, (_, index) => {
    const at = Date.parse(from) + index * LENGTHS[interval];
    const name = offset(at, zone).slice(3) || '+00:00';
    const local = at + Date.parse('1970-01-01T00:00:00Z') - Date.parse(`1970-01-01T00:00:00${name}`);
    return { start: new Date(local).toISOString().slice(0, 19) + name, complete: true };
  });
  return { buckets, interval, zone };
}
function labels(data: ReturnType<typeof chart>, width: number): string[] {
  return ticks(data, width).map((index) => tickAt(data, index));
}

test('ticks of days stand apart', () => {
  const days = (count: number) => chart('day', '2026-11-01T00:00:00Z', count, 'UTC');
  expect(ticks(days(7), 300)).toEqual([0, 2, 4, 6]);
  expect(ticks(days(24), 2_000)).toHaveLength(24);
  expect(ticks(days(1), 10)).toEqual([0]);
});

describe('ticks of hours', () => {
  test('are days where there are more than two, each one where there is room', () => {
    const week = chart('hour', '2026-11-21T00:00:00+01:00', 168, 'Europe/Berlin');
    expect(labels(week, 1_100)).toEqual(['21 Nov', '22 Nov', '23 Nov', '24 Nov', '25 Nov', '26 Nov', '27 Nov']);
    expect(labels(week, 300)).toEqual(['21 Nov', '23 Nov', '25 Nov', '27 Nov']);
  });
  test('are days that begin within the range', () => {
    const days = chart('hour', '2026-11-21T20:00:00Z', 60, 'UTC');
    expect(labels(days, 1_100)).toEqual(['22 Nov', '23 Nov', '24 Nov']);
  });
  test('are days where a day has 25 hours, or none at midnight', () => {
    const berlin = chart('hour', '2026-10-24T00:00:00+02:00', 73, 'Europe/Berlin');
    expect(labels(berlin, 1_100)).toEqual(['24 Oct', '25 Oct', '26 Oct']);
    expect(ticks(berlin, 1_100)).toEqual([0, 24, 49]);
    const santiago = chart('hour', '2026-09-05T00:00:00-04:00', 71, 'America/Santiago');
    expect(labels(santiago, 1_100)).toEqual(['5 Sept', '6 Sept', '7 Sept']);
    expect(ticks(santiago, 1_100)).toEqual([0, 24, 47]);
  });
  test('are at round hours where there are fewer days', () => {
    expect(labels(chart('hour', '2026-11-26T20:00:00Z', 24, 'UTC'), 600)).toEqual([
      '21:00', '27 Nov', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00',
    ]); // prettier-ignore
    expect(labels(chart('hour', '2026-11-26T00:00:00+05:30', 24, 'Asia/Kolkata'), 300)).toEqual([
      '26 Nov', '06:00', '12:00', '18:00',
    ]); // prettier-ignore
  });
  test('have one of the hour that the clocks show twice', () => {
    const day = chart('hour', '2026-10-25T00:00:00+02:00', 25, 'Europe/Berlin');
    expect(labels(day, 900).slice(0, 4)).toEqual(['25 Oct', '02:00', '04:00', '06:00']);
  });
});

test('ticks of minutes are at round times', () => {
  expect(labels(chart('minute', '2026-11-26T23:47:00Z', 60, 'UTC'), 600)).toEqual([
    '23:50', '27 Nov', '00:10', '00:20', '00:30', '00:40',
  ]); // prettier-ignore
});
