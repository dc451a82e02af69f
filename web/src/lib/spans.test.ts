import { expect, test } from 'vitest';
import { spanName, spans, withSpan } from './spans';

test.each([
  ['1d', '1 day'],
  ['24h', '24 hours'],
  ['5m', '5 minutes'],
  ['500ms', '500 milliseconds'],
  ['a while', 'a while'],
])('%s is called %s', (span, name) => expect(spanName(span)).toBe(name));

test('a span of the address takes the place of one that is as long', () => {
  const options = spans('7d', '1d');
  expect(withSpan(options, undefined)).toEqual(options);
  expect(withSpan(options, '1d')).toEqual(options);
  expect(withSpan(options, '24h')).toEqual([['7d', '7 days'], ['24h', '1 day']]); // prettier-ignore
  expect(withSpan(options, '1w')).toEqual([['1w', '7 days'], ['1d', '1 day']]); // prettier-ignore
  expect(withSpan(options, '6h')).toEqual([...options, ['6h', '6 hours']]);
});
