import { expect, test } from 'vitest';
import { formatWho, retentionOf, whoOf } from './retention';

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

test('the users of a number are in the address', () => {
  for (const who of ['2026-11-20', '2026-11-20.0', '2026-11-20.7']) {
    const read = whoOf({ who });
    expect(read && formatWho(read)).toBe(who);
  }
  expect(whoOf({})).toBeNull();
  expect(whoOf({ who: '2026-11-20.8' })).toBeNull();
});
