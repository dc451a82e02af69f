import { expect, test } from 'vitest';
import type { Filter } from './filters';
import { formatStep, formatSteps, parseStep, parseSteps, stepName } from './steps';

const is = (value: string, field = 'event_name'): Filter => ({ field, op: 'is', values: [value] });

test('any steps survive the address', () => {
  for (const value of ['a', 'a;b', 'a|b', '\\;', '\\\\|', 'a:b,c', '', ';', 'größe|\n']) {
    const steps = [[is(value), is('x|y', 'properties.a;b')], [], [is('b')]];
    expect(parseSteps(formatSteps(steps))).toEqual(steps);
    expect(parseStep(formatStep([is(value)]))).toEqual([is(value)]);
  }
  expect(parseSteps('')).toEqual([]);
});

test('a list with something that is no filter is none', () => {
  expect(parseSteps('event_name:is:a;nonsense')).toBeNull();
  expect(parseStep('event_name:is:a|x:is:b')).toBeNull();
});

test('a step is named by its event, then by its other filters', () => {
  expect(stepName([])).toBe('any event');
  expect(stepName([is('order.created')])).toBe('order.created');
  expect(stepName([is('order.created'), is('EUR', 'properties.currency')])).toBe(
    'order.created, properties.currency is EUR',
  );
  expect(stepName([is('ada', 'user')])).toBe('user is ada');
});
