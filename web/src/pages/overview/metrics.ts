// The metrics of the overview, in their order.
import { compact, duration, number, percent } from '$lib/format';

export interface Metric {
  name: string;
  title: string;
  print: (value: number | null) => string;
  axis: (value: number) => string;
  /** Whether more of it is worse. */
  worse?: boolean;
}

export const METRICS: readonly Metric[] = [
  { name: 'events', title: 'Events', print: number, axis: compact },
  { name: 'users', title: 'Users', print: number, axis: compact },
  { name: 'conversations', title: 'Conversations', print: number, axis: compact },
  { name: 'errors', title: 'Errors', print: number, axis: compact, worse: true },
  { name: 'error_rate', title: 'Error rate', print: percent, axis: percent, worse: true },
  { name: 'latency_p95', title: 'Latency, 95th percentile', print: duration, axis: duration, worse: true },
];
