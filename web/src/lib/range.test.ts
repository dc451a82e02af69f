import { describe, expect, test } from 'vitest';
import {
  absolute,
  fittingIntervals,
  isFuture,
  isOver,
  nextInterval,
  rangeParameters,
  shift,
  type Range,
} from './range';
import type { Interval } from './url';

const ZONE = 'Europe/Berlin';
// It is Saturday, the 28th, in Berlin already.
const NOW = Date.parse('2026-11-27T23:30:00.000Z');

describe('presets are local days', () => {
  test.each([
    ['today', '2026-11-28', '2026-11-29'],
    ['yesterday', '2026-11-27', '2026-11-28'],
    ['7d', '2026-11-22', '2026-11-29'],
    ['30d', '2026-10-30', '2026-11-29'],
    ['month', '2026-11-01', '2026-12-01'],
  ] as const)('%s', (preset, from, to) => {
    expect(absolute({ preset }, ZONE, NOW)).toEqual({ from, to });
    expect(rangeParameters({ preset }, ZONE, NOW)).toEqual({ from, to, timezone: ZONE });
  });
});

test('the last 24 hours move with the server’s clock', () => {
  expect(rangeParameters({ preset: '24h' }, ZONE, NOW)).toEqual({ days: 1, timezone: ZONE });
  expect(absolute({ preset: '24h' }, ZONE, NOW)).toEqual({
    from: '2026-11-26T23:30:00.000Z',
    to: '2026-11-27T23:30:00.000Z',
  });
});

describe('the range before', () => {
  test.each<[Range, Range]>([
    [{ preset: '7d' }, { from: '2026-11-15', to: '2026-11-22' }],
    [{ preset: 'today' }, { preset: 'yesterday' }],
    [{ preset: 'month' }, { from: '2026-10-01', to: '2026-11-01' }],
    [
      { from: '2026-01-01', to: '2026-02-01' },
      { from: '2025-12-01', to: '2026-01-01' },
    ],
    [
      { from: '2026-10-25', to: '2026-10-27' },
      { from: '2026-10-23', to: '2026-10-25' },
    ],
    [
      { from: '2026-10-25T00:00:00Z', to: '2026-10-25T02:00:00Z' },
      { from: '2026-10-24T22:00:00.000Z', to: '2026-10-25T00:00:00.000Z' },
    ],
  ])('of %j is %j', (range, before) => expect(shift(range, -1, ZONE, NOW)).toEqual(before));
});

test('forth again is the preset where that is the same', () => {
  const before = shift({ preset: '7d' }, -1, ZONE, NOW);
  expect(shift(before, 1, ZONE, NOW)).toEqual({ preset: '7d' });
});

test('what begins later than now is the future', () => {
  expect(isFuture(shift({ preset: 'today' }, 1, ZONE, NOW), ZONE, NOW)).toBe(true);
  expect(isFuture({ preset: 'month' }, ZONE, NOW)).toBe(false);
});

describe('the intervals that fit', () => {
  test.each<[Range, string[]]>([
    [{ preset: 'today' }, ['minute', 'hour']],
    [{ preset: '7d' }, ['hour', 'day']],
    [{ preset: '30d' }, ['hour', 'day', 'week', 'month']],
    [{ from: '2016-01-01', to: '2026-01-01' }, ['week', 'month']],
    [{ from: '2026-11-27T12:00:00Z', to: '2026-11-27T12:30:00Z' }, ['minute']],
  ])('%j', (range, intervals) => expect(fittingIntervals(range, ZONE, NOW)).toEqual(intervals));
});

describe('the next interval', () => {
  test.each<[Interval[], Range]>([
    [['auto', 'minute'], { preset: 'today' }],
    [['auto', 'hour'], { preset: '7d' }],
    [['auto', 'week', 'month', 'hour'], { preset: '30d' }],
    [['auto', 'week'], { from: '2016-01-01', to: '2026-01-01' }],
    [['auto'], { from: '2026-11-27T12:00:00Z', to: '2026-11-27T12:30:00Z' }],
  ])('goes around %j', (around, range) => {
    const next = (interval: Interval) => nextInterval(interval, range, ZONE, NOW);
    expect(around.map(next)).toEqual([...around.slice(1), 'auto']);
  });
  test('changes what is seen, also where the automatic one is chosen by its name', () =>
    expect(nextInterval('day', { preset: '7d' }, ZONE, NOW)).toBe('hour'));
});

test('a question is over when the end of its range has come, in its zone', () => {
  expect(isOver({ from: '2026-11-27', to: '2026-11-28', timezone: ZONE }, NOW)).toBe(true);
  expect(isOver({ from: '2026-11-27', to: '2026-11-28', timezone: 'UTC' }, NOW)).toBe(false);
  expect(isOver({ to: '2026-11-27T23:30:00Z', timezone: 'UTC' }, NOW)).toBe(true);
  expect([{ days: 1, timezone: ZONE }, {}, null].map((asked) => isOver(asked, NOW))).toEqual([false, false, false]);
});
