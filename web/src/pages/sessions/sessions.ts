// Conversations with most of a metric, from a metric divided by conversation. Pure.
import type { Schemas } from '$lib/api';
import { withFilter, type Filter } from '$lib/filters';
import type { PageUrl } from '$lib/url';

/** By what they are sorted: each is a metric, and the first of the question. */
export const ORDERS = ['errors', 'latency_p95', 'error_rate', 'events'] as const;
export type Order = (typeof ORDERS)[number];

export const SESSIONS: PageUrl = { name: 'sessions', params: { rank: ORDERS } };

export interface Session {
  id: string;
  events: number;
  errors: number;
  error_rate: number | null;
  latency_p95: number | null;
}

/** The filters of the events of one conversation. */
export const ofConversation = (filters: readonly Filter[], id: string): Filter[] =>
  withFilter(filters, { field: 'conversation_id', op: 'is', values: [id] });

export const metricsBy = (order: Order): Order[] => [order, ...ORDERS.filter((metric) => metric !== order)];

/** A row for each conversation, in the order of the answer; those beyond the most are no row. */
export function sessionsOf(series: readonly Schemas['Series'][]): Session[] {
  const totals = new Map<string, Partial<Record<string, number | null>>>();
  for (const { key, role, metric, total } of series) {
    if (role === 'value' && key) totals.set(key, { ...totals.get(key), [metric]: total ?? null });
  }
  return [...totals].map(([id, of]) => ({
    id,
    events: of['events'] ?? 0,
    errors: of['errors'] ?? 0,
    error_rate: of['error_rate'] ?? null,
    latency_p95: of['latency_p95'] ?? null,
  }));
}
