import { expect, test } from 'vitest';
import { formatFilter, parseFilter, sentence, withFilter, type Filter } from './filters';

test('any value survives the address', () => {
  for (const value of ['', 'a', 'a,b', 'a:b', '\\', 'a\\,b', '"x"', 'größe\n2', ',', '\\\\:']) {
    const filter: Filter = { field: 'properties.a:b', op: 'is', values: [value, 'z'] };
    expect(parseFilter(formatFilter(filter))).toEqual(filter);
  }
});

test('what takes no value has none', () => {
  expect(parseFilter('error:set')).toEqual({ field: 'error', op: 'set', values: [] });
  expect(parseFilter('error:set:a')).toBeNull();
  expect(parseFilter('error:is')).toBeNull();
});

test('unknown fields and operators are no filters', () => {
  for (const text of ['', 'x:is:a', 'error:like:a', 'error:is:a:b', 'properties.:is:a'])
    expect(parseFilter(text)).toBeNull();
});

test('a second value of the same field joins the first', () => {
  const is = (...values: string[]): Filter => ({ field: 'event_name', op: 'is', values });
  expect(withFilter([is('a')], is('b'))).toEqual([is('a', 'b')]);
  expect(withFilter([is('a')], is('a'))).toEqual([is('a')]);
  expect(sentence(is('a', 'b'))).toBe('event_name is a or b');
});
