import { expect, test } from 'vitest';
import { ranked, valueChoices } from './choices';

const KNOWN = ['order.created', 'order', 'order.shipped', 'page.viewed'].map((value) => ({ value, note: '1' }));
const OTHERS = KNOWN.filter(({ value }) => value !== 'order');
const values = (...asked: Parameters<typeof valueChoices>) => valueChoices(...asked).map(({ value }) => value);

test('a name that equals the text comes first, then those that begin with it', () =>
  expect(ranked(['anonymous_user', 'user_id', 'user', 'latency'], ' User', (name) => name)).toEqual([
    'user', 'user_id', 'anonymous_user',
  ])); // prettier-ignore

test('a value that equals the text comes first, and is not offered twice', () =>
  expect(values(KNOWN, 'order')).toEqual(['order', 'order.created', 'order.shipped']));

test('what is typed is the last choice, the first where a part or a number is meant, the only one where nothing fits', () => {
  expect(values(OTHERS, 'order')).toEqual(['order.created', 'order.shipped', 'order']);
  expect(values(OTHERS, 'order', [], 'first')).toEqual(['order', 'order.created', 'order.shipped']);
  expect(values(OTHERS, 'orders')).toEqual(['orders']);
});

test('a value is found by any part of it and in any case, by its beginning before others', () => {
  expect(values(KNOWN, 'CREATED')).toEqual(['order.created', 'CREATED']);
  expect(values([{ value: 'reorder', note: '1' }, ...KNOWN], 'Order')).toEqual([
    'order', 'order.created', 'order.shipped', 'reorder', 'Order',
  ]); // prettier-ignore
});

test('what is chosen comes first until something is typed', () => {
  expect(values(KNOWN, '', ['page.viewed', 'own'])).toEqual(['page.viewed', 'own', 'order.created', 'order', 'order.shipped']); // prettier-ignore
  expect(values(KNOWN, 'order.', ['page.viewed'])).toEqual(['order.created', 'order.shipped', 'order.']);
  expect(valueChoices(KNOWN, 'order', ['order'])[0]).toEqual({ value: 'order', note: 'chosen', selected: true });
});
