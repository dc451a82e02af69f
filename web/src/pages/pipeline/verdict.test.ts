import { expect, test } from 'vitest';
import { parts, verdicts, type Pipeline } from './verdict';

const pipeline = (changed: Partial<Pipeline>): Pipeline => ({
  lag: 0,
  committed: 0,
  oldest_age_ms: 0,
  dead_letters: 0,
  ...changed,
});
const kinds = (changed: Partial<Pipeline>) => verdicts(pipeline(changed)).map(({ kind }) => kind);

test('nothing that waits, or not for long, is good', () => {
  expect(kinds({})).toEqual(['good']);
  expect(kinds({ lag: 500, oldest_age_ms: 59_999 })).toEqual(['good']);
});

test('what waits for a minute is bad, what can’t be seen a warning', () => {
  expect(kinds({ lag: 1, oldest_age_ms: 60_000 })).toEqual(['bad']);
  expect(kinds({ lag: 1, oldest_age_ms: null })).toEqual(['warning']);
});

test('dead letters and rules that fail are told beside', () => {
  const alerts = { rules: 1, evaluates: true, unreadable: 'no key', failing: [{ rule: 'lag', problem: 'timeout' }] };
  expect(kinds({ dead_letters: 2, alerts })).toEqual(['good', 'bad', 'warning', 'warning']);
});

test('code stands between backticks', () => {
  expect(parts('run `a b` now')).toEqual([
    { text: 'run ', code: false },
    { text: 'a b', code: true },
    { text: ' now', code: false },
  ]);
});
