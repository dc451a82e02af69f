import { expect, test } from 'vitest';
import { looksFor } from './rule';

test('a rule says in a sentence what it looks for', () => {
  const filters = [
    { field: 'event_name', op: 'starts_with', values: ['pay'] },
    { field: 'error', op: 'set', values: [] },
  ];
  expect(looksFor({ rule: 'a', of: 'event', event: 'low', key: ['properties.sku', 'user'], resolved_by: 'full' })).toBe(
    'low comes in, for each properties.sku and user, until full',
  );
  expect(looksFor({ rule: 'a', of: 'event', event: 'low', key: [] })).toBe('low comes in');
  const metric = { rule: 'a', of: 'metric' as const, window: '15m', filters, min_events: 20 };
  expect(looksFor({ ...metric, metric: 'error_rate', over: 0.05 })).toBe(
    'Error rate of the last 15m is over 5%, of events whose event_name starts with pay and error is set, once there are 20 events',
  );
  expect(looksFor({ ...metric, metric: 'latency_p95', under: 1_500, filters: [], min_events: 0 })).toBe(
    'Latency, 95th percentile of the last 15m is under 1.5 s',
  );
  expect(looksFor({ rule: 'a', of: 'silence', silence: '1h', filters: [] })).toBe('No event for 1h');
  expect(looksFor({ rule: 'a', of: 'lag', lag_over: 100_000 })).toBe(
    'More than 100,000 operations are not visible yet',
  );
});
