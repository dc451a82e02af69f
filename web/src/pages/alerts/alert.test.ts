import { expect, test } from 'vitest';
import { isolated } from '$lib/format';
import { around, brief, keyFilters, rulesOf, type Alert } from './alert';

const alert = (changed: Partial<Alert>): Alert => ({
  id: '', rule: 'low stock', tenant: 'default', key: {}, state: 'open', fired_at: '2026-11-27T10:00:00.000Z',
  message: '', acknowledged_at: null, resolved_at: null, value: null, ...changed,
}); // prettier-ignore

test('the key of an alert finds the events that it is about', () => {
  const key = { 'properties.sku': 'A-1', user: '', 'no field': 'x' };
  expect(keyFilters(alert({ key }))).toEqual([
    { field: 'properties.sku', op: 'is', values: ['A-1'] },
    { field: 'user', op: 'not_set', values: [] },
  ]);
});

test('the time around it goes on to an hour after it was over', () => {
  expect(around(alert({}))).toEqual({ from: '2026-11-27T09:00:00.000Z', to: '2026-11-27T11:00:00.000Z' });
  expect(around(alert({ resolved_at: '2026-11-27T12:30:00.000Z' })).to).toBe('2026-11-27T13:30:00.000Z');
});

test('each rule stands once', () => {
  expect(rulesOf([alert({}), alert({ rule: 'lag' }), alert({})])).toEqual(['lag', 'low stock']);
});

test('a row says what tells alerts of one rule apart', () => {
  expect(brief(alert({ key: { 'properties.sku': 'A-1', user: '' }, message: 'long' }))).toBe(
    `sku = ${isolated('A-1')}, user = ${isolated('""')}`,
  );
  expect(brief(alert({ message: 'no event in the last 10m' }))).toBe('no event in the last 10m');
});
