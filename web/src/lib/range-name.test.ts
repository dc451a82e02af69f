import { expect, test } from 'vitest';
import { rangeDays, rangeName } from './range-name';

const NOW = Date.parse('2026-11-27T23:30:00Z');
const ZONE = 'Europe/Berlin';

test('a range is called by its preset, its days or its minutes', () => {
  expect(rangeName({ preset: '7d' }, ZONE, NOW)).toBe('Last 7 days');
  expect(rangeDays({ preset: '7d' }, ZONE, NOW)).toBe('Sun 22 Nov – Sat 28 Nov');
  expect(rangeName({ from: '2026-11-01', to: '2026-11-02' }, ZONE, NOW)).toBe('Sun 1 Nov');
  expect(rangeName({ from: '2025-12-31', to: '2026-01-02' }, ZONE, NOW)).toBe('31 Dec 2025 – 1 Jan 2026');
  expect(rangeName({ from: '2026-11-27T10:00:00Z', to: '2026-11-27T11:30:00Z' }, ZONE, NOW)).toBe(
    '27 Nov 2026, 11:00–12:30',
  );
});
