// The metrics of the overview, in their order.
import type { Filter } from '$lib/filters';
import { compact, duration, number, percent } from '$lib/format';

export interface Metric {
  name: string;
  title: string;
  print: (value: number | null) => string;
  axis: (value: number) => string;
  /** Whether more of it is worse. */
  worse?: boolean;
  /** What is listed behind the number: users, conversations, or events of which the filter holds too, in that order. */
  behind: { list?: 'users' | 'conversations'; filter?: Filter; order?: 'slowest' };
}

const set = (field: string): Filter => ({ field, op: 'set', values: [] });

export const METRICS: readonly Metric[] = [
  { name: 'events', title: 'Events', print: number, axis: compact, behind: {} },
  { name: 'users', title: 'Users', print: number, axis: compact, behind: { list: 'users' } },
  {
    name: 'conversations',
    title: 'Conversations',
    print: number,
    axis: compact,
    behind: { list: 'conversations' },
  },
  { name: 'errors', title: 'Errors', print: number, axis: compact, worse: true, behind: { filter: set('error') } },
  {
    name: 'error_rate',
    title: 'Error rate',
    print: percent,
    axis: percent,
    worse: true,
    behind: { filter: set('error') },
  },
  {
    name: 'latency_p95',
    title: 'Latency, 95th percentile',
    print: duration,
    axis: duration,
    worse: true,
    behind: { order: 'slowest' },
  },
];
