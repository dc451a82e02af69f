// An event of a list: its fields by name, and itself by its id.
import { Failure, get, type Schemas } from './api';
import { FIELDS, isField } from './filters';
import type { Ask } from './question.svelte';

export type ListedEvent = Schemas['ListedEvent'];

/** What a table of events can have columns of, beside paths into properties and context. */
export const COLUMNS = [
  'created_at',
  'updated_at',
  'id',
  ...FIELDS.filter((field) => !['subjects', 'trace_ids'].includes(field)),
];
export const isColumn = (name: string): boolean => COLUMNS.includes(name) || (isPath(name) && !name.includes(','));
export const isPath = (name: string): boolean => isField(name) && name.includes('.');

/** The user as questions know them: the id, else the anonymous one, else nobody. */
export const userOf = ({ user_id, anonymous_id }: Pick<ListedEvent, 'user_id' | 'anonymous_id'>): string =>
  user_id || (anonymous_id && `anon:${anonymous_id}`);

/** `a.b` is b in a. */
function inside(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined,
    value,
  );
}

/** What a column shows of an event; a time by `printed`, latency in milliseconds, nothing where it was not measured. */
export function columnText(event: ListedEvent, column: string, printed: (instant: string) => string): string {
  switch (column) {
    case 'created_at':
    case 'updated_at':
      return printed(event[column]);
    case 'user':
      return userOf(event);
    case 'latency':
      return event.latency > 0 ? String(event.latency) : '';
  }
  const value = inside(event, column.split('.'));
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** When an event of this id happened: the first 48 bits are its milliseconds since 1970. */
const timeOf = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** The whole event, with all that lists know of it. */
export async function wholeEvent(id: string, context: Ask): Promise<ListedEvent> {
  const at = timeOf(id);
  const [from, to] = [at, at + 1].map((ms) => new Date(ms).toISOString());
  const { data } = await get('/events', { query: { from, to, full: true, limit: 1_000 } }, context);
  const event = data.find((listed) => listed.id === id);
  if (!event) throw new Failure('There is no such event: it was deleted, or never was.', 404, 'not_found');
  return event;
}
