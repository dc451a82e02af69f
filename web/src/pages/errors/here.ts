// What the address says on the page of errors.
import { askedRange } from '$lib/asked.svelte';
import { withFilter, type Filter } from '$lib/filters';
import { here, setParams } from '$lib/here.svelte';
import type { Absolute, RangeParameters } from '$lib/range';
import { rangeOf, type Bucket, type ChartData } from '$ui/chart/model';
import { bucketsOf, formatSpike, parseSpike } from './spike';

/** The part of the range that is picked. */
export const spike = (): Absolute | null => parseSpike(here.view.params['spike']);

/** The range of the spike, or all of it. */
export function spikeRange(): RangeParameters {
  const picked = spike();
  return picked ? { ...picked, timezone: here.view.zone } : askedRange();
}

/** The filters of the page, and that there is an error. */
export const errorFilters = (): Filter[] => withFilter(here.view.filters, { field: 'error', op: 'set', values: [] });

/** The buckets of the spike. */
export function marked(buckets: readonly Bucket[]): [number, number] | null {
  const picked = spike();
  return picked && bucketsOf(picked, buckets.map(({ start }) => start)); // prettier-ignore
}

/** Picks a bucket of a chart, or lets go of it if it is picked. */
export const picker = (data: ChartData) => (index: number) => {
  const range = rangeOf(data, index, index);
  const text = range ? formatSpike(range) : '';
  setParams({ spike: text === here.view.params['spike'] ? '' : text });
};
