import { expect, test } from 'vitest';
import { gap, newDay, slowest, structured, type Turn } from './turns';

const at = (created_at: string, latency = 0): Turn => ({ created_at, latency }) as Turn;

test('objects and lists are structured, other texts are texts', () => {
  expect(structured(' {"a": [1]}')).toEqual({ a: [1] });
  expect(structured('[1]')).toEqual([1]);
  for (const text of ['', '5', '"{}"', '{not JSON', '[link](x)']) expect(structured(text)).toBeNull();
});

test('a gap lies between the times of two turns', () => {
  expect(gap(at('2026-11-24T05:39:42.475Z'), at('2026-11-24T05:40:52.600Z'))).toBe(70_125);
});

test('a day begins at the midnight of the zone', () => {
  const [late, early] = [at('2026-11-24T22:30:00Z'), at('2026-11-24T23:30:00Z')];
  expect(newDay(undefined, late, 'UTC')).toBe(true);
  expect(newDay(late, early, 'UTC')).toBe(false);
  expect(newDay(late, early, 'Europe/Berlin')).toBe(true);
});

test('the longest latency is that of the turns that have one', () => {
  expect(slowest([at('2026-11-24T22:30:00Z', 5), at('2026-11-24T22:30:00Z', 12.5)])).toBe(12.5);
  expect(slowest([])).toBe(0);
});
