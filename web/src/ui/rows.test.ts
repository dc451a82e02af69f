import { expect, test } from 'vitest';
import { visible } from './rows';

test('the rows in sight and some around them are drawn, the others take their room', () => {
  expect(visible(10_000, 34, 0, 340)).toEqual({ first: 0, end: 22, above: 0, below: 9_978 * 34 });
  expect(visible(10_000, 34, 34_000, 340)).toMatchObject({ first: 988, end: 1_022, above: 988 * 34 });
  expect(visible(0, 34, 0, 340)).toEqual({ first: 0, end: 0, above: 0, below: 0 });
  expect(visible(5, 34, 99_999, 340)).toMatchObject({ first: 4, end: 5 });
});
