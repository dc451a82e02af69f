import { expect, test } from 'vitest';
import { comparedName } from './compared';

const ZONE = 'Europe/Berlin';
const before = (from: string, to: string, zone = ZONE) => comparedName({ from, to }, zone, 'previous_period');
const weekdays = (from: string, to: string, zone = ZONE) => comparedName({ from, to }, zone, 'same_weekday');

test('before days are as many days, before months as many months', () => {
  expect(before('2026-11-21', '2026-11-28')).toBe('14–20 Nov 2026');
  expect(before('2026-11-27', '2026-11-28')).toBe('26 Nov 2026');
  expect(before('2026-11-04', '2026-11-11')).toBe('28 Oct – 3 Nov 2026');
  expect(before('2026-01-05', '2026-01-12')).toBe('29 Dec 2025 – 4 Jan 2026');
  expect(before('2026-03-01', '2026-04-01')).toBe('1–28 Feb 2026');
  expect(before('2026-01-01', '2026-04-01')).toBe('1 Oct – 31 Dec 2025');
});

test('the same weekdays are the fewest whole weeks before that are not less', () => {
  expect(weekdays('2026-11-27', '2026-11-28')).toBe('20 Nov 2026');
  expect(weekdays('2026-11-21', '2026-11-28')).toBe('14–20 Nov 2026');
  expect(weekdays('2026-11-20', '2026-11-28')).toBe('6–13 Nov 2026');
});

test('instants that begin local days are days, also of 23 and of 25 hours', () => {
  expect(before('2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z')).toBe('24 Oct 2026');
  expect(before('2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z')).toBe('28 Mar 2026');
  // In Santiago a day of September begins at one o'clock.
  expect(before('2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z', 'America/Santiago')).toBe('5 Sept 2026');
});

test('other instants say minutes: before them is as long a time, a week before the same time of the clock', () => {
  expect(before('2026-11-27T10:00:00Z', '2026-11-27T12:00:00Z')).toBe('27 Nov 2026, 09:00–11:00');
  expect(before('2026-10-25T10:00:00Z', '2026-10-26T10:00:00Z')).toBe('24 Oct 2026, 12:00 – 25 Oct 2026, 11:00');
  expect(weekdays('2026-10-26T10:00:00Z', '2026-10-26T12:00:00Z')).toBe('19 Oct 2026, 11:00–13:00');
});
