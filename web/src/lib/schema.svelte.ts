// What can be asked about: fields and their values, for completion. Kept for a minute, as the server keeps them.
import { get, type Schemas } from './api';
import { FIELDS } from './filters';
import { session } from './session.svelte';

export type KnownField = Schemas['KnownField'];
const KEPT_MS = 60_000;
type Values = Schemas['KnownValue'][];
type Known = { fields: KnownField[]; names: string[] };
let keptValues: { source: string; at: number; values: Promise<Values> } | null = null;
let kept: { tenant: string; at: number; known: Promise<Known> } | null = null;

/** The fields and names of the last day; the columns alone if those can't be had. */
function known(): Promise<Known> {
  const { tenant } = session;
  if (kept?.tenant !== tenant || Date.now() - kept.at > KEPT_MS) {
    const fields: KnownField[] = FIELDS.map((field) => ({ field, type: field === 'latency' ? 'number' : 'text' }));
    const asked = get('/schema', {}, { tenant }).then(
      ({ data }) => ({ fields: data.fields, names: data.event_names.map(({ name }) => name) }),
      () => ({ fields, names: [] }),
    );
    kept = { tenant, at: Date.now(), known: asked };
  }
  return kept.known;
}
export const knownFields = async (): Promise<KnownField[]> => (await known()).fields;
export const knownNames = async (): Promise<string[]> => (await known()).names;

const ask = (field: string, prefix: string, signal?: AbortSignal): Promise<Values> => {
  const call = { query: { field, prefix: prefix || undefined } };
  return get('/schema/values', call, { tenant: session.tenant, signal }).then(({ data }) => data, () => []); // prettier-ignore
};

/** Those that most events have, whatever they begin with. */
function frequentValues(field: string): Promise<Values> {
  const source = JSON.stringify([session.tenant, field]);
  if (keptValues?.source !== source || Date.now() - keptValues.at > KEPT_MS)
    keptValues = { source, at: Date.now(), values: ask(field, '') };
  return keptValues.values;
}

/**
 * The most frequent values of a field, and after a text those that begin with it before them, since the server finds
 * beginnings alone: among the frequent ones every part is found by who reads the list. Those that can't be had are left out.
 */
export async function knownValues(field: string, text: string, signal: AbortSignal): Promise<Values> {
  const [begin, frequent] = await Promise.all([text ? ask(field, text, signal) : [], frequentValues(field)]);
  return [...begin, ...frequent.filter(({ value }) => !begin.some((found) => found.value === value))];
}
