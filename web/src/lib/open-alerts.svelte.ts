// The alerts that are open, which the navigation counts and pages tell of; looked at while somebody looks at the page.
import { get, type Schemas } from './api';
import { number } from './format';
import { question, type Question } from './question.svelte';

const EVERY_MS = 10_000;
/** As many as the API tells at once, the newest. */
export const MOST = 1_000;

class OpenAlerts {
  question = $state.raw<Question<Schemas['Good_Vec_Alert']> | null>(null);
  /** Those of the tenant that is shown, as far as known. */
  known = $derived(this.question?.stale ? [] : (this.question?.answer?.data ?? []));
  /** So many of the known ones: there may be more where not all are known. */
  counted = (count: number): string => number(count) + (this.known.length < MOST ? '' : '+');
}
export const openAlerts = new OpenAlerts();

/** For a component that is there as long as the page. */
export function watchOpenAlerts(): void {
  openAlerts.question = question(
    () => ({ state: 'open' as const, limit: MOST }),
    (query, context) => get('/alerts', { query }, context),
    EVERY_MS,
  );
}
