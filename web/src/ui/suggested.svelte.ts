// Values of a field to choose from, those among them that begin with what is typed, asked for as somebody types.
import { knownValues } from '$lib/schema.svelte';
import { session } from '$lib/session.svelte';
import type { Schemas } from '$lib/api';

const PAUSE_MS = 120;

export interface Suggested {
  /** Until those of this text are there, those of the one before. */
  readonly values: readonly Schemas['KnownValue'][];
  readonly waiting: boolean;
}

/** Asks anew whenever the field or the text changes. */
export function suggested(field: () => string, text: () => string): Suggested {
  let known = $state.raw<{ source: string; text: string; values: Suggested['values'] } | null>(null);
  const source = $derived(JSON.stringify([session.tenant, field()]));
  $effect(() => {
    const [name, asked] = [field(), { source, text: text() }];
    const running = new AbortController();
    const timer = setTimeout(async () => {
      const values = await knownValues(name, asked.text, running.signal);
      if (!running.signal.aborted) known = { ...asked, values };
    }, PAUSE_MS);
    return () => (clearTimeout(timer), running.abort());
  });
  return {
    get values() {
      return known?.source === source ? known.values : [];
    },
    get waiting() {
      return !(known?.source === source && known.text === text());
    },
  };
}
