// What the explorer has in the address.
import { isColumn } from '$lib/events';
import { isField } from '$lib/filters';
import { EVENT_ID, type PageUrl } from '$lib/url';
import { parseMetric } from '$lib/metric';

export const DEFAULT_COLUMNS = ['created_at', 'event_name', 'user', 'conversation_id', 'latency', 'error'];
export const ORDERS = { newest: 'Newest first', slowest: 'Slowest first' } as const;

export const EXPLORER: PageUrl = {
  name: 'explorer',
  params: {
    metric: (text) => parseMetric(text) !== null,
    by: isField,
    columns: (text) => text.split(',').every(isColumn),
    order: Object.keys(ORDERS),
    event: EVENT_ID,
    live: ['on'],
  },
};
