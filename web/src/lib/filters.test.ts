import { expect, test } from 'vitest';
import { formatFilter, joinFilter, parseFilter, sentence, withFilter, type Filter } from './filters';

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

const is = (...values: string[]): Filter => ({ field: 'event_name', op: 'is', values });

test('a value that is added joins the others, one that is clicked takes their place', () => {
  expect(joinFilter([is('a')], is('b'))).toEqual([is('a', 'b')]);
  expect(joinFilter([is('a')], is('a'))).toEqual([is('a')]);
  const set: Filter = { field: 'error', op: 'set', values: [] };
  expect(withFilter([is('a', 'b'), set], is('a'))).toEqual([set, is('a')]);
  expect(withFilter([is('a')], is('c'))).toEqual([is('a'), is('c')]);
});

test('a filter is a sentence', () => expect(sentence(is('a', 'b'))).toBe('event_name is a or b'));
