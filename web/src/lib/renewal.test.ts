import { expect, test } from 'vitest';
import { holdsUntil, isDue } from './renewal';

const ANSWERED = { askedAt: 100_000, tookMs: 200, written: 7 };

test('an answer is renewed when more is written, and not before 15 seconds', () => {
  expect([114_999, 115_000].map((now) => isDue(ANSWERED, now, 8))).toEqual([false, true]);
  expect([7, null].map((written) => isDue(ANSWERED, 900_000, written))).toEqual([false, false]);
  expect(isDue({ ...ANSWERED, written: null }, 115_000, 7)).toBe(true);
});

test('one that takes long is renewed at most a tenth of the time', () =>
  expect([129_999, 130_000].map((now) => isDue({ ...ANSWERED, tookMs: 3_000 }, now, 8))).toEqual([false, true]));

test('an answer holds all up to what it says, and on while nothing is written', () => {
  expect(holdsUntil(50, 7, { until: 90, written: 7 })).toBe(90);
  expect(holdsUntil(95, 7, { until: 90, written: 7 })).toBe(95);
  expect(holdsUntil(50, 7, { until: 90, written: 8 })).toBe(50);
  expect(holdsUntil(50, null, { until: 90, written: null })).toBe(50);
  expect(holdsUntil(50, 7, null)).toBe(50);
});
