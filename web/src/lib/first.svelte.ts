// Whether a tenant has any event yet: without one, pages say how to send the first, and turn into themselves when it
// comes.
import { get } from './api';
import type { ListedEvent } from './events';
import { question } from './question.svelte';
import { session } from './session.svelte';

const EVERY_MS = 2_000;
/** As long as events may be old at most, by default. */
const DAYS = 3_650;

class First {
  /** The tenant that is known to have events. */
  tenant = $state('');
  /** Its newest event when that became known. */
  event = $state.raw<ListedEvent | null>(null);
  /** Whether somebody waited for it here. */
  awaited = $state(false);
  /** Whether there are no events, as far as known. */
  none = $state(false);
}
export const first = new First();

/** Looks until there is an event. For a component that is there as long as the page. */
export function watchFirst(): void {
  const newest = question(
    () => (first.tenant === session.tenant ? null : { days: DAYS, limit: 1 }),
    (query, context) => get('/events', { query }, context),
    EVERY_MS,
  );
  $effect(() => {
    const { tenant } = session;
    if (first.tenant === tenant) return void (first.none = false);
    if (newest.stale || newest.answer === null) return void (first.none = false);
    const [event] = newest.answer.data;
    if (!event) return void (first.none = true);
    first.awaited = first.none;
    first.event = event;
    first.tenant = tenant;
    first.none = false;
  });
}
