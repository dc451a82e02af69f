// A metric as the address has it: `events`, or `sum(properties.price)`. Pure.
import { isField } from './filters';
import { compact, duration, number, percent } from './format';

export const PLAIN = {
  events: 'Events',
  users: 'Users',
  conversations: 'Conversations',
  errors: 'Errors',
  error_rate: 'Error rate',
  latency_p50: 'Latency, median',
  latency_p95: 'Latency, 95th percentile',
  latency_p99: 'Latency, 99th percentile',
} as const;
type Plain = keyof typeof PLAIN;

export const OF_A_FIELD = { sum: 'Sum', avg: 'Mean', min: 'Least', max: 'Most', p95: '95th percentile', distinct: 'Different values' } as const; // prettier-ignore
export type Of = keyof typeof OF_A_FIELD;

const isPlain = (text: string): text is Plain => Object.hasOwn(PLAIN, text);

/** What stands in `metrics` of a question; null if the text is no metric. */
export function parseMetric(text: string): string | Partial<Record<Of, string>> | null {
  if (isPlain(text)) return text;
  const [, of, field] = /^(\w+)\((.+)\)$/s.exec(text) ?? [];
  return of && field && Object.hasOwn(OF_A_FIELD, of) && isField(field) ? { [of]: field } : null;
}

/** The same the other way: the text of what stands in `metrics`; empty if that is no metric. */
export function formatMetric(metric: unknown): string {
  if (typeof metric === 'string') return isPlain(metric) ? metric : '';
  const [[of, field] = []] = Object.entries(metric ?? {});
  const text = `${of}(${String(field)})`;
  return parseMetric(text) ? text : '';
}

export function metricTitle(text: string): string {
  if (isPlain(text)) return PLAIN[text];
  const [, of = '', field = ''] = /^(\w+)\((.+)\)$/s.exec(text) ?? [];
  return `${OF_A_FIELD[of as Of]} of ${field}`;
}

type Print = (value: number | null) => string;
export function prints(text: string): { print: Print; axis: Print } {
  if (text === 'error_rate') return { print: percent, axis: percent };
  if (text.startsWith('latency_')) return { print: duration, axis: duration };
  return { print: number, axis: compact };
}

/** By how much a metric of an answer may be off its exact value, as `within 1%`; an empty text of an exact one, as are all but latencies. */
export const nearness = (text: string, relativeError: number | null | undefined): string =>
  relativeError && text.startsWith('latency_') ? `within ${percent(relativeError)}` : '';
