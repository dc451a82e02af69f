import { describe, expect, test } from 'vitest';
import { isolated, partly, rangeOf, shown, split, steps, type ChartData } from './model';

const DAYS: ChartData = {
  buckets: [
    { start: '2026-10-24T00:00:00+02:00', complete: true },
    { start: '2026-10-25T00:00:00+02:00', complete: true },
    { start: '2026-10-26T00:00:00+01:00', complete: false },
    { start: '2026-10-27T00:00:00+01:00', complete: false },
  ],
  lines: [],
  interval: 'day',
  zone: 'Europe/Berlin',
  until: '2026-10-26T13:03:00Z',
  from: '2026-10-23T22:00:00.000Z',
  to: '2026-10-27T23:00:00.000Z',
};

test('nothing is drawn of days that have not begun, and a comparison of another length fits', () => {
  expect(shown(DAYS, { name: '', colour: '', values: [1, 0, 3, 0] })).toEqual([1, 0, 3, null]);
  expect(shown(DAYS, { name: '', colour: '', values: [1] })).toEqual([1, null, null, null]);
});

test('what leads to a day that goes on is dashed', () => {
  expect(split([1, 2, 3, null], DAYS.buckets)).toEqual({ solid: [1, 2, null, null], dashed: [null, 2, 3, null] });
});

test('the day that goes on says until when', () => {
  expect([0, 2, 3].map((index) => partly(DAYS, index))).toEqual(['', 'so far, until 14:03', 'to come']);
});

test('values that stand alone are points', () => {
  expect(isolated([1, null, 2, 3, null, 4])).toEqual([0, 5]);
});

test('an axis goes up to a round value beyond the greatest', () => {
  expect(steps(740, 160)).toEqual([0, 250, 500, 750]);
  expect(steps(0.031, 160)).toEqual([0, 0.02, 0.04]);
  expect(steps(1_000, 112)).toEqual([0, 500, 1_000]);
  expect(steps(0, 160)).toEqual([0, 1]);
  expect([1, 2, 7].map((max) => steps(max, 160, true))).toEqual([
    [0, 1],
    [0, 1, 2],
    [0, 5, 10],
  ]);
});

describe('a drag over days', () => {
  test('is a range of local dates', () =>
    expect(rangeOf(DAYS, 0, 1)).toEqual({ from: '2026-10-24', to: '2026-10-26' }));
  test('begins with the range where the first bucket is older', () =>
    expect(rangeOf({ ...DAYS, from: '2026-10-24T10:00:00.000Z' }, 0, 0)).toEqual({
      from: '2026-10-24T10:00:00.000Z',
      to: '2026-10-24T22:00:00.000Z',
    }));
  test('ends with the range at the last', () =>
    expect(rangeOf(DAYS, 2, 3)).toEqual({ from: '2026-10-26', to: '2026-10-28' }));
  test('is one of instants where the range ends within a day', () =>
    expect(rangeOf({ ...DAYS, to: '2026-10-27T12:00:00.000Z' }, 3, 3)).toEqual({
      from: '2026-10-26T23:00:00.000Z',
      to: '2026-10-27T12:00:00.000Z',
    }));
  test('is one of instants over hours', () =>
    expect(rangeOf({ ...DAYS, interval: 'hour' }, 0, 0)).toEqual({
      from: '2026-10-23T22:00:00.000Z',
      to: '2026-10-24T22:00:00.000Z',
    }));
});
