import { expect, test } from 'vitest';
import { formatMetric, metricTitle, nearness, parseMetric } from './metric';

test('metrics are words, or something of a field', () => {
  expect(['events', 'sum(properties.price)', 'p95(latency)'].map(parseMetric)).toEqual([
    'events', { sum: 'properties.price' }, { p95: 'latency' },
  ]); // prettier-ignore
  expect(['', 'toString', 'sum', 'sum(x)', 'median(latency)', 'sum()'].map(parseMetric)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
  for (const text of ['events', 'sum(properties.price)', 'p95(latency)'])
    expect(formatMetric(parseMetric(text))).toBe(text);
  expect([null, 'what', {}, { median: 'latency' }, { sum: 'x' }].map(formatMetric)).toEqual(['', '', '', '', '']);
  expect(metricTitle('distinct(user_id)')).toBe('Different values of user_id');
});

test('latencies of an answer that is not exact say how near they are; other metrics are exact', () => {
  expect([nearness('latency_p95', 0.01), nearness('p95(properties.price)', 0.01)]).toEqual(['within 1%', '']);
  expect([nearness('events', 0.01), nearness('latency_p95', null)]).toEqual(['', '']);
});
