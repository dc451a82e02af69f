import { expect, test } from 'vitest';
import { isolated } from '$lib/format';
import { around, brief, briefly, keyFilters, leads, rulesOf, wholeFirst, type Alert } from './alert';

const alert = (changed: Partial<Alert>): Alert => ({
  id: '', rule: 'low stock', tenant: 'default', key: {}, state: 'open', fired_at: '2026-11-27T10:00:00.000Z',
  message: '', acknowledged_at: null, resolved_at: null, value: null, event: null, measured: null, ...changed,
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

test('an alert leads to the event that fired it, and to those of its key', () => {
  const stock = alert({ key: { 'properties.sku': 'A-1' }, event: 'e-1' });
  const [fired, others] = leads(stock);
  expect([fired?.params, others?.params]).toEqual([{ event: 'e-1' }, {}]);
  expect(others).toMatchObject({ filters: keyFilters(stock), range: around(stock) });
  expect(leads(alert({})).map(({ title }) => title)).toEqual(['Events around then']);
});

test('a metric leads to the events that it was measured of', () => {
  const range = { from: '2026-11-27T09:45:00.000Z', to: '2026-11-27T10:00:00.001Z' };
  const filters = [{ field: 'event_name', op: 'is', values: ['pay'] }];
  const of = (metric: unknown, value: number) => leads(alert({ value, measured: { metric, filters, ...range } }));
  const failed = { field: 'error', op: 'set', values: [] };
  expect(of('error_rate', 0.25)).toMatchObject([
    { filters, range, params: { metric: 'error_rate' } },
    { filters: [...filters, failed], range, params: {} },
  ]);
  expect(of('latency_p95', 9)[0]?.params).toEqual({ metric: 'latency_p95', order: 'slowest' });
  expect(of({ sum: 'properties.price' }, 9)[0]?.params).toEqual({ metric: 'sum(properties.price)' });
  // In a silence nothing is: what was before it, and came after it, is of use.
  expect(of('events', 0)[0]?.range).toEqual({ from: '2026-11-27T09:29:59.999Z', to: '2026-11-27T11:00:00.000Z' });
});

test('what holds as a whole comes first, and many keys are one line', () => {
  const key = { 'properties.sku': 'A-1' };
  const alerts = [
    alert({ id: '1', key }),
    alert({ id: '2', rule: 'slow', message: 'is slow' }),
    alert({ id: '3', key }),
  ];
  expect(wholeFirst(alerts).map(({ id }) => id)).toEqual(['2', '1', '3']);
  expect(briefly(alerts)).toEqual([
    { rule: 'slow', says: 'is slow' },
    { rule: 'low stock', says: '2 open' },
  ]);
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
