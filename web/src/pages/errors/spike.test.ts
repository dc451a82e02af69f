import { expect, test } from 'vitest';
import { bucketsOf, formatSpike, parseSpike } from './spike';

test('what is formatted is parsed again, anything else is none', () => {
  const hour = { from: '2026-11-27T10:00:00.000Z', to: '2026-11-27T11:00:00.000Z' };
  expect(parseSpike(formatSpike(hour))).toEqual(hour);
  expect(parseSpike('2026-11-26~2026-11-27')).toEqual({ from: '2026-11-26', to: '2026-11-27' });
  expect(parseSpike('2026-11-27~2026-11-26')).toBeNull();
  expect(parseSpike(undefined)).toBeNull();
});

test('the buckets of a day are found by its local date, those of an hour by the instant', () => {
  const days = ['2026-11-25T00:00:00+01:00', '2026-11-26T00:00:00+01:00', '2026-11-27T00:00:00+01:00'];
  expect(bucketsOf({ from: '2026-11-26', to: '2026-11-27' }, days)).toEqual([1, 1]);
  expect(bucketsOf({ from: '2026-11-01', to: '2026-11-02' }, days)).toBeNull();
  const hours = ['2026-11-27T10:00:00+01:00', '2026-11-27T11:00:00+01:00'];
  expect(bucketsOf({ from: '2026-11-27T09:00:00Z', to: '2026-11-27T10:00:00Z' }, hours)).toEqual([0, 0]);
});
