// Filters, as the API takes them, and as texts of the URL: `field:op:value,value`, with `\` before `:`, `,` and `\`.

export const OPS = [
  'is', 'is_not', 'contains', 'not_contains', 'starts_with', 'gt', 'gte', 'lt', 'lte', 'set', 'not_set',
] as const; // prettier-ignore
export type Op = (typeof OPS)[number];
export interface Filter {
  field: string;
  op: Op;
  values: string[];
}

export const FIELDS = [
  'event_name', 'source', 'kind', 'conversation_id', 'user_id', 'anonymous_id', 'user', 'message_id', 'error',
  'latency', 'input', 'output', 'tags', 'subjects', 'trace_ids',
] as const; // prettier-ignore

const OP_WORDS: Record<Op, string> = {
  is: 'is',
  is_not: 'is not',
  contains: 'contains',
  not_contains: 'does not contain',
  starts_with: 'starts with',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  set: 'is set',
  not_set: 'is not set',
};

export const opWords = (op: Op): string => OP_WORDS[op];
export const takesNoValue = (op: Op): boolean => op === 'set' || op === 'not_set';

/** The operators that make sense for a field of this type of `/schema`, the most frequent first. */
export function opsOf(type: string): readonly Op[] {
  const numbers: Op[] = ['gt', 'gte', 'lt', 'lte'];
  const texts: Op[] = ['is', 'is_not', 'contains', 'not_contains', 'starts_with', 'set', 'not_set'];
  if (type === 'number') return [...numbers, 'is', 'is_not', 'set', 'not_set'];
  if (type === 'boolean') return ['is', 'is_not', 'set', 'not_set'];
  return type === 'mixed' ? [...texts, ...numbers] : texts;
}

/** Texts of which a part is looked for. */
const LONG = ['error', 'input', 'output'];
/** What somebody means who says nothing. */
export const usualOp = (field: string, type: string): Op =>
  LONG.includes(field) ? 'contains' : (opsOf(type)[0] ?? 'is');

const isPath = (field: string): boolean => /^(properties|context)\../.test(field);
export const isField = (field: string): boolean => (FIELDS as readonly string[]).includes(field) || isPath(field);

/** Bytes that a value may have. */
const MAX_VALUE_BYTES = 1_024;
/** As much of a text as a value may be. */
export const fitting = (text: string): string =>
  text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(MAX_VALUE_BYTES)).read);
export const fits = (text: string): boolean => fitting(text) === text;

/** In a sentence: `event_name is order.created or payment.failed`. */
export function sentence({ field, op, values }: Filter): string {
  return [field, opWords(op), values.map((value) => value || '""').join(' or ')].filter(Boolean).join(' ');
}

const escape = (text: string): string => text.replace(/[\\:,]/g, (found) => `\\${found}`);

export function formatFilter({ field, op, values }: Filter): string {
  const head = `${escape(field)}:${op}`;
  return takesNoValue(op) ? head : `${head}:${values.map(escape).join(',')}`;
}

/** Splits at separators that no `\` stands before, and leaves the escapes of the parts as they are. */
export function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === '\\') parts[parts.length - 1] += letter + text.charAt(++at);
    else if (letter === separator) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

const unescape = (text: string): string => text.replace(/\\(.)/gs, '$1');

/** Null if the text is no filter. */
export function parseFilter(text: string): Filter | null {
  const [field = '', op = '', values, ...rest] = splitAt(text, ':');
  const name = unescape(field);
  if (!isField(name) || !(OPS as readonly string[]).includes(op) || rest.length > 0) return null;
  const known = op as Op;
  if (takesNoValue(known)) return values === undefined ? { field: name, op: known, values: [] } : null;
  return values === undefined ? null : { field: name, op: known, values: splitAt(values, ',').map(unescape) };
}

/** Of the events that failed. */
export const FAILED: Filter = { field: 'error', op: 'set', values: [] };

/** Of the events of one name. */
export const named = (name: string): Filter => ({ field: 'event_name', op: 'is', values: [name] });

/** Of the events of one user. */
export const ofUser = (user: string): Filter => ({ field: 'user', op: 'is', values: [user] });

const alike = (one: Filter, other: Filter): boolean => one.field === other.field && one.op === other.op;

/**
 * Narrows to a value: a filter of the same field and operator that has it among others gives way. One that has it not
 * stays, since of a list, such as tags, both may hold. For clicks.
 */
export const withFilter = (filters: readonly Filter[], added: Filter): Filter[] => [
  ...filters.filter((filter) => !alike(filter, added) || !added.values.every((value) => filter.values.includes(value))),
  added,
];

/** Widens: a filter of the same field and operator takes the values in. For those who add one value after another. */
export function joinFilter(filters: readonly Filter[], added: Filter): Filter[] {
  const same = filters.find((filter) => alike(filter, added));
  if (!same) return [...filters, added];
  const values = [...new Set([...same.values, ...added.values])];
  return filters.map((filter) => (filter === same ? { ...same, values } : filter));
}
