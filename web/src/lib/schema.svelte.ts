// What can be asked about: fields and their values, for completion. Kept for a minute, as the server keeps them.
import { get, type Schemas } from './api';
import { FIELDS } from './filters';
import { here } from './here.svelte';

export type KnownField = Schemas['KnownField'];
const KEPT_MS = 60_000;
let kept: { tenant: string; at: number; fields: Promise<KnownField[]> } | null = null;

/** The fields of the last day; the columns alone if those can't be had. */
export function knownFields(): Promise<KnownField[]> {
  const { tenant } = here.view;
  if (kept?.tenant !== tenant || Date.now() - kept.at > KEPT_MS) {
    const columns: KnownField[] = FIELDS.map((field) => ({ field, type: field === 'latency' ? 'number' : 'text' }));
    const fields = get('/schema', {}, { tenant }).then(({ data }) => data.fields).catch(() => columns); // prettier-ignore
    kept = { tenant, at: Date.now(), fields };
  }
  return kept.fields;
}

/** Values of a field that begin with a text, those of most events first; none if they can't be had. */
export async function knownValues(
  field: string,
  prefix: string,
  signal: AbortSignal,
): Promise<Schemas['KnownValue'][]> {
  const call = { query: { field, prefix: prefix || undefined } };
  return get('/schema/values', call, { tenant: here.view.tenant, signal }).then(({ data }) => data, () => []); // prettier-ignore
}
