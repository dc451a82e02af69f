// The metrics of the overview, in their order.
import { FAILED, withFilter, type Filter } from '$lib/filters';
import { eventsHref, sessionsHref, usersHref } from '$lib/links';
import type { PLAIN } from '$lib/metric';
import type { Range } from '$lib/range';

export interface Metric {
  name: keyof typeof PLAIN;
  /** Whether more of it is worse. */
  worse?: boolean;
  /** What is behind a number of it. */
  behind: (filters: Filter[], range: Range) => string;
}

const failed: Metric['behind'] = (filters, range) => eventsHref(withFilter(filters, FAILED), {}, range);
const slowest: Metric['behind'] = (filters, range) =>
  eventsHref(filters, { metric: 'latency_p95', order: 'slowest' }, range);

export const METRICS: readonly Metric[] = [
  { name: 'events', behind: (filters, range) => eventsHref(filters, {}, range) },
  { name: 'users', behind: usersHref },
  { name: 'conversations', behind: sessionsHref },
  { name: 'errors', worse: true, behind: failed },
  { name: 'error_rate', worse: true, behind: failed },
  { name: 'latency_p95', worse: true, behind: slowest },
];
