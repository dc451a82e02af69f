// Asks how some events differ from the rest, field by field.
import { post } from '$lib/api';
import { fits, type Filter } from '$lib/filters';
import type { Ask } from '$lib/question.svelte';
import type { RangeParameters } from '$lib/range';
import { knownFields, type KnownField } from '$lib/schema.svelte';
import { byDifference, difference, untold, type Difference } from './difference';

export interface Events {
  range: RangeParameters;
  filters: Filter[];
}
export interface Sides {
  selected: Events;
  /** What the selection is a part of. */
  all: Events;
}
export interface Compared {
  selected: number;
  rest: number;
  fields: Difference[];
}

/** Columns that have about as many values as there are events, texts, and what `user` says already. */
const TELLS_NOTHING = ['message_id', 'user_id', 'anonymous_id', 'error', 'input', 'output', 'latency'];
const LIMIT = 100;
/** Names of what is different in each event, as ids, users and times are. */
const NAMES_ONE = /(^|[._])(id|user|time|timestamp)$|[a-z]Id$|_(id|at)$/;
/** The server has few places for questions, and the rest of the page wants some of them. */
const AT_ONCE = 2;

/** What differs by a few values is likelier to say why than numbers are, and names of one event are likely to say nothing. */
function unlikeliness({ field, type }: KnownField): number {
  if (NAMES_ONE.test(field)) return 2;
  return type === 'number' || type === 'mixed' ? 1 : 0;
}

/** `told` hears what is compared so far, in the order in which it came, and of how many fields. Only the answer is ranked. */
export async function compare(
  { selected, all }: Sides,
  ask: Ask,
  told: (found: Compared, done: number, of: number) => void,
): Promise<Compared> {
  const count = async ({ range, filters }: Events, field?: string) => {
    const breakdown = field ? { field, limit: LIMIT } : null;
    const body = { metrics: ['events'], ...range, filters, interval: 'month', breakdown };
    const { data } = await post('/query', { body }, ask);
    // What no filter can say can't be compared.
    return data.series.filter(({ key }) => fits(key ?? ''));
  };
  const total = async (events: Events) => (await count(events))[0]?.total ?? 0;
  const totals = { selected: await total(selected), all: await total(all) };
  const known = await knownFields();
  const fields = known.filter(({ field, type }) => !TELLS_NOTHING.includes(field) && !(type === 'list' && field.includes('.'))); // prettier-ignore

  let found: Difference[] = [];
  const compared = (fields: Difference[]): Compared => ({
    selected: totals.selected,
    rest: totals.all - totals.selected,
    fields,
  });
  let done = 0;
  async function one(field: string): Promise<void> {
    const inside = await count(selected, field);
    const whole = await count(all, field);
    const missing = untold(inside, whole);
    const only = { ...all, filters: [...all.filters, { field, op: 'is' as const, values: missing }] };
    const rare = missing.length > 0 ? (await count(only, field)).filter(({ key }) => missing.includes(key ?? '')) : [];
    const differs = difference(field, inside, [...whole, ...rare], totals);
    if (differs) found = [...found, differs];
    done++;
    told(compared(found), done, fields.length);
  }
  const waiting = fields.toSorted((one, other) => unlikeliness(one) - unlikeliness(other)).map(({ field }) => field);
  const work = async () => {
    for (let field = waiting.shift(); field !== undefined; field = waiting.shift()) await one(field);
  };
  if (totals.selected > 0 && totals.all > totals.selected) await Promise.all(Array.from({ length: AT_ONCE }, work));
  return compared(found.toSorted(byDifference));
}
