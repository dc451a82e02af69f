import { expect, test } from 'vitest';
import type { Schemas } from '$lib/api';
import { byDifference, difference, untold } from './difference';

type Role = Schemas['Series']['role'];
const series = (key: string | null, total: number, role: Role = key === null ? 'none' : 'value') => ({
  key, role, total, metric: 'events', values: [total],
}); // prettier-ignore

test('each value has its share of the selection and of the rest, those that differ most first', () => {
  const found = difference(
    'properties.release',
    [series('4.2', 9), series('4.1', 1)],
    [series('4.1', 61), series('4.2', 49)],
    { selected: 10, all: 110 },
  );
  expect(found?.values).toEqual([
    { key: '4.2', selected: 9, rest: 40, selectedShare: 0.9, restShare: 0.4 },
    { key: '4.1', selected: 1, rest: 60, selectedShare: 0.1, restShare: 0.6 },
  ]);
  expect(found?.most).toBeCloseTo(0.5);
});

test('a value that the selection has none of differs too, and so do events without one', () => {
  const found = difference('kind', [series(null, 10)], [series('a', 90), series(null, 20)], { selected: 10, all: 110 });
  expect(found?.values.map(({ key, selected, rest }) => [key, selected, rest])).toEqual([
    [null, 10, 10],
    ['a', 0, 90],
  ]);
});

test('nothing is said of values that the selection may have among the others', () => {
  const found = difference('user', [series('a', 5), series(null, 5, 'other')], [series('a', 5), series('b', 50)], {
    selected: 10,
    all: 110,
  });
  expect(found?.values.map(({ key }) => key)).toEqual(['a']);
});

test('without a rest or without values there is no difference', () => {
  expect(difference('kind', [series('a', 1)], [series('a', 1)], { selected: 1, all: 1 })).toBeNull();
  expect(difference('kind', [series(null, 1)], [series(null, 9)], { selected: 1, all: 9 })).toBeNull();
});

test('values beyond the listed ones of all are asked for', () => {
  expect(untold([series('a', 1), series('b', 1), series(null, 1)], [series('a', 9), series(null, 3, 'other')])).toEqual(['b']); // prettier-ignore
});

test('fields are in the order of their difference', () => {
  const of = (field: string, most: number) => ({ field, most, values: [] });
  expect([of('b', 0.1), of('a', 0.1), of('c', 0.9)].sort(byDifference).map(({ field }) => field)).toEqual(['c', 'a', 'b']); // prettier-ignore
});
