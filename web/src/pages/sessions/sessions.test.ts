import { expect, test } from 'vitest';
import { metricsBy, sessionsOf } from './sessions';

test('the metric to sort by is asked for first', () => {
  expect(metricsBy('latency_p95')).toEqual(['latency_p95', 'errors', 'error_rate', 'events']);
});

test('series of one conversation are a row, in the order in which they come', () => {
  const of = (key: string | null, role: string, metric: string, total: number | null) =>
    ({ key, role, metric, total, values: [] }) as never;
  const series = [
    of('b', 'value', 'errors', 2),
    of('b', 'value', 'latency_p95', null),
    of('a', 'value', 'errors', 1),
    of(null, 'other', 'errors', 9),
    of('b', 'value', 'events', 5),
    of('a', 'value', 'events', 7),
  ];
  expect(sessionsOf(series)).toEqual([
    { id: 'b', events: 5, errors: 2, error_rate: null, latency_p95: null },
    { id: 'a', events: 7, errors: 1, error_rate: null, latency_p95: null },
  ]);
});
