import { expect, test } from 'vitest';
import {
  bucketName,
  bytes,
  change,
  compact,
  duration,
  exactMoment,
  fullMoment,
  minute,
  moment,
  number,
  percent,
  tickName,
  timestamp,
} from './format';

test('durations', () => {
  const said = [
    0, 4.25, 234.9, 999, 1_000, 3_025.2, 59_990, 59_999, 60_000, 125_000, 3_599_999, 12_000_000, 180_000_000,
  ];
  expect(said.map(duration)).toEqual([
    '0 ms', '4.3 ms', '235 ms', '999 ms', '1 s', '3.03 s', '59.99 s', '1 min', '1 min', '2 min 5 s', '1 h', '3 h 20 min', '2 d 2 h',
  ]); // prettier-ignore
});

test('numbers, shares and changes; of nothing a dash', () => {
  expect([number(1234567.891), compact(1_250_000), percent(0.0219408), change(0.1464), change(-0.0047), change(0)]).toEqual([
    '1,234,567.89', '1.3M', '2.19%', '+14.6%', '-0.5%', '0%',
  ]); // prettier-ignore
  expect([number(null), percent(undefined), duration(null), change(null)]).toEqual(['–', '–', '–', '–']);
});

test('bytes', () =>
  expect([0, 980, 1_536, 49_152, 5_000_000].map(bytes)).toEqual(['0 B', '980 B', '1.5 KB', '48 KB', '4.8 MB']));

test('times are those of the zone', () => {
  expect(exactMoment('2026-10-25T00:30:00.007Z', 'Europe/Berlin')).toBe('25 Oct 2026 02:30:00.007');
  expect(timestamp('2026-10-25T01:30:00.007Z', 'Europe/Berlin')).toBe('2026-10-25 02:30:00.007');
  expect(fullMoment('2026-10-25T01:30:00.007Z', 'Europe/Berlin')).toBe('25 Oct 2026 02:30:00');
  expect(moment('2026-10-25T01:30:00.007Z', 'Europe/Berlin')).toBe('25 Oct 02:30:00');
  expect(minute('2026-10-25T01:30:00.007Z', 'Europe/Berlin')).toBe('25 Oct 02:30');
  expect(bucketName('2026-10-24T00:00:00+02:00', 'day', 'Europe/Berlin')).toBe('Sat 24 Oct');
  expect(bucketName('2026-10-24T14:00:00+02:00', 'hour', 'Europe/Berlin')).toBe('Sat 24 Oct 14:00');
  expect(tickName('2026-10-24T00:00:00+02:00', 'day', 'Europe/Berlin')).toBe('24 Oct');
  expect(tickName('2026-10-24T13:00:00+02:00', 'hour', 'Europe/Berlin')).toBe('13:00');
});
