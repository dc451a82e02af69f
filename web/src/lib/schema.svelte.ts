// What can be asked about: fields and their values, for completion. Kept for a minute, as the server keeps them.
import { get, type Schemas } from './api';
import { FIELDS } from './filters';
import { session } from './session.svelte';

export type KnownField = Schemas['KnownField'];
const KEPT_MS = 60_000;
type Known = { fields: KnownField[]; names: string[] };
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

/** Values of a field that begin with a text, those of most events first; none if they can't be had. */
export async function knownValues(
  field: string,
  prefix: string,
  signal: AbortSignal,
): Promise<Schemas['KnownValue'][]> {
  const call = { query: { field, prefix: prefix || undefined } };
  return get('/schema/values', call, { tenant: session.tenant, signal }).then(({ data }) => data, () => []); // prettier-ignore
}
