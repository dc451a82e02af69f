// What every question of a page says of time and filters, as the API takes it.
import { here } from './here.svelte';
import { now } from './now.svelte';
import { rangeParameters, type RangeParameters } from './range';

/** `from`, `to` (or `days`) and `timezone`. */
export const askedRange = (): RangeParameters => rangeParameters(here.view.range, here.view.zone, now.ms);

/** The filters for a GET: a JSON text, or nothing. */
export const askedFilters = (): string | undefined =>
  here.view.filters.length > 0 ? JSON.stringify(here.view.filters) : undefined;

/** For the body of `POST /query`; there is no comparison beside a breakdown. */
export const askedSeries = () => ({
  ...askedRange(),
  interval: here.view.interval,
  filters: here.view.filters,
  ...(here.view.compare ? { compare: here.view.compare } : {}),
});
