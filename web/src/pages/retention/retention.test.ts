import { expect, test } from 'vitest';
import { rangeOf, retentionOf } from './retention';

test('without anything in the address all events count, by days', () => {
  expect(retentionOf({}, [])).toEqual({
    start: { filters: [] },
    return: { filters: [] },
    period: 'day',
    periods: 7,
    mode: 'first',
    count: 'on',
    kind: 'calendar',
  });
});

test('the filters of the page hold for both events', () => {
  const source = { field: 'source', op: 'is', values: ['segment'] } as const;
  const asked = retentionOf({ start: 'event_name:is:a', mode: 'recurring' }, [{ ...source, values: ['segment'] }]);
  expect(asked.start.filters).toEqual([{ field: 'event_name', op: 'is', values: ['a'] }, source]);
  expect(asked.return.filters).toEqual([source]);
  expect(asked.mode).toBe('recurring');
});

test('the range of a cohort ends with its period or with the range', () => {
  const range = { from: '2026-11-04', to: '2026-11-20' };
  expect(rangeOf('2026-11-10', 'day', range)).toEqual({ from: '2026-11-10', to: '2026-11-11' });
  expect(rangeOf('2026-11-02', 'week', range)).toEqual({ from: '2026-11-04', to: '2026-11-09' });
  expect(rangeOf('2026-11-01', 'month', range)).toEqual(range);
  expect(rangeOf('2026-11-01', 'day', { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' })).toBeNull();
});
