// Amounts of money with all the digits that the API tells: a number of JavaScript has but 16 of them. Pure.
import type { Schemas } from '$lib/api';
import { NOTHING } from '$lib/format';

type Parse = (
  text: string,
  reviver: (key: string, value: unknown, context?: { source?: string }) => unknown,
) => unknown;

/** Rows whose amounts are texts. */
export type Exact<Row, Amounts extends keyof Row> = Omit<Row, Amounts> & Record<Amounts, string | null>;
export type RevenueRow = Exact<Schemas['RevenueRow'], 'revenue' | 'aov' | 'paid' | 'refunded' | 'net'>;
export type ProductRow = Exact<Schemas['ProductRow'], 'revenue'>;

const AMOUNTS = new Set(['revenue', 'aov', 'paid', 'refunded', 'net']);

/** Parses an answer and leaves its amounts as they are written; as a number prints, where a browser can't tell how. */
export function parseExact<Answer>(text: string): Answer {
  return (JSON.parse as Parse)(text, (key, value, context) =>
    AMOUNTS.has(key) && typeof value === 'number' ? (context?.source ?? String(value)) : value,
  ) as Answer;
}

type Amount = string | number | null | undefined;
const cents = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const digits = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const print = (amount: Amount, format: Intl.NumberFormat): string =>
  amount === null || amount === undefined ? NOTHING : format.format(amount as `${number}`);

/** `1,234.50`, as people read amounts. */
export const money = (amount: Amount): string => print(amount, cents);
/** `1,234.5025`, with up to four places, which is what the API tells: for tables to keep, and on hover. */
export const exactMoney = (amount: Amount): string => print(amount, digits);

export const currencyName = (currency: string | null | undefined): string => currency ?? 'No currency';
