import { expect, test } from 'vitest';
import { formatMetric, metricTitle, parseMetric } from './metric';

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
