// How far the events are that questions see, from the pipeline; looked at while somebody looks at the page.
import { send } from './api';
import type { Complete } from './renewal';
import { session } from './session.svelte';
import type { Schemas } from './api';

const EVERY_MS = 5_000;

interface Told {
  /** The server's clock, in milliseconds since 1970. */
  at: number;
  /** Null while that can't be seen. */
  behindMs: number | null;
  /** How much is written: the sum of the offsets that are committed. */
  written: number | null;
  deadLetters: number;
}

class Freshness {
  told = $state.raw<Told | null>(null);
  lost = $state(false);
  /** Null while nothing is known of it. */
  complete = $derived<Complete | null>(
    this.told && this.told.behindMs !== null
      ? { until: this.told.at - this.told.behindMs, written: this.told.written }
      : null,
  );
}
export const freshness = new Freshness();

async function update(signal: AbortSignal): Promise<void> {
  try {
    const response = await send('GET', '/pipeline', {}, { tenant: session.tenant, signal });
    const { data } = (await response.json()) as Schemas['Good_Pipeline'];
    const at = Date.parse(response.headers.get('Date') ?? '') || Date.now();
    freshness.told = {
      at,
      behindMs: data.oldest_age_ms ?? null,
      written: data.committed,
      deadLetters: data.dead_letters ?? 0,
    };
    freshness.lost = false;
  } catch {
    freshness.lost = !signal.aborted;
  }
}

/** Looks until what it returns is called, and then forgets what it saw. */
export function watchFreshness(): () => void {
  const ended = new AbortController();
  const look = () => document.hidden || void update(ended.signal);
  look();
  const timer = setInterval(look, EVERY_MS);
  document.addEventListener('visibilitychange', look);
  return () => {
    ended.abort();
    freshness.told = null;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
