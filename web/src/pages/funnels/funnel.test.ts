import { expect, test } from 'vitest';
import { countOf, formatWho, stateOf, statesOf, whoOf } from './funnel';

const steps = 'event_name:is:a;event_name:is:b';

test.each(['1', '2.dropped', '2:mobile', '1:', '2.dropped:a:b\nc'])('the users of %s are read back', (who) => {
  const read = whoOf({ steps, who, by: 'properties.device' });
  expect(read && formatWho(read)).toBe(who);
});

test.each(['', '0', '3', '1.dropped', '1:mobile'])('there are no users of %s', (who) => {
  expect(whoOf({ steps, who })).toBeNull();
});

const step = (users: number) => ({ name: '', users });
const answer = {
  steps: [step(10), step(4)],
  open: 2,
  groups: [
    { key: 'mobile', role: 'value' as const, steps: [step(6), step(1)], open: 0 },
    { key: null, role: 'none' as const, steps: [step(4), step(3)], open: 0 },
  ],
};

test.each([
  ['1', 10],
  ['2', 4],
  ['2.dropped', 6],
  ['2.dropped:mobile', 5],
  ['1:', 4],
  ['1:tv', null],
])('behind %s are %s users', (who, count) => {
  const read = whoOf({ steps, who, by: 'properties.device' });
  expect(read && countOf(answer, read)).toBe(count);
});

test('who is through is neither open nor lost', () => {
  expect(stateOf({ steps: 2, open: false }, 2)).toBe('through');
  expect(stateOf({ steps: 1, open: true }, 2)).toBe('open');
  expect(stateOf({ steps: 1, open: false }, 2)).toBe('lost');
  expect(statesOf({ step: 2, outcome: 'converted' }, 2)).toEqual(['through']);
  expect(statesOf({ step: 2, outcome: 'dropped' }, 2)).not.toContain('through');
});
