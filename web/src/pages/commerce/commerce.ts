// What commerce has in the address, and the events it is of.
import type { Filter } from '$lib/filters';
import { spans } from '$lib/spans';
import type { PageUrl } from '$lib/url';

const LENGTH = /[1-9]\d{0,3}[mhdw]/;

export const COMMERCE: PageUrl = {
  name: 'commerce',
  params: {
    part: ['products', 'inventory', 'customers', 'operations'],
    money: ['paid', 'refunded', 'net', 'aov'],
    window: LENGTH,
    abandon: LENGTH,
    order: ['units'],
    dead: LENGTH,
  },
};

export const PARTS = [
  ['', 'Sales'],
  ['products', 'Products'],
  ['inventory', 'Inventory'],
  ['customers', 'Customers'],
  ['operations', 'Operations'],
] as const;

export const MONEY = [
  ['revenue', 'Revenue'],
  ['paid', 'Paid'],
  ['refunded', 'Refunded'],
  ['net', 'Net'],
  ['aov', 'Revenue by order'],
] as const;
export type MoneyName = (typeof MONEY)[number][0];

export const WINDOWS = spans('7d', '14d', '30d', '90d');
export const ABANDONED = spans('24h', '6h', '48h', '7d');
export const DEAD = spans('30d', '7d', '14d', '60d', '90d');

/** Holds where a property has the value; null is one that is absent. */
export const property = (name: string, value: string | null | undefined): Filter =>
  typeof value === 'string'
    ? { field: `properties.${name}`, op: 'is', values: [value] }
    : { field: `properties.${name}`, op: 'not_set', values: [] };

/** The events that have amounts, and the columns that show what they say of them. */
export const WITH_AMOUNTS: Filter = {
  field: 'event_name',
  op: 'is',
  values: ['order.created', 'payment.processed', 'payment.refunded'],
};
export const AMOUNT_COLUMNS = [
  'created_at',
  'event_name',
  ...['order_id', 'currency', 'total_amount', 'amount', 'refund_amount'].map((name) => `properties.${name}`),
].join(',');
