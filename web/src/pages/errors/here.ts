// What the address says on the page of errors, and how charts change it.
import type { Schemas } from '$lib/api';
import { askedRange } from '$lib/asked.svelte';
import { FAILED, withFilter, type Filter } from '$lib/filters';
import { go, here, setParams } from '$lib/here.svelte';
import type { Absolute, RangeParameters } from '$lib/range';
import { chartOf } from '$ui/chart/lines';
import { rangeOf } from '$ui/chart/model';
import { bucketsOf, formatSpike, parseSpike } from './spike';

/** The part of the range that is picked. */
export const spike = (): Absolute | null => parseSpike(here.view.params['spike']);

/** The range of the spike, or all of it. */
export function spikeRange(): RangeParameters {
  const picked = spike();
  return picked ? { ...picked, timezone: here.view.zone } : askedRange();
}

/** The filters of the page, and that there is an error. */
export const errorFilters = (): Filter[] => withFilter(here.view.filters, FAILED);

type Answer = Schemas['Told_Answer'];
const bucketRange = ({ data, meta }: Answer, index: number): Absolute | null =>
  rangeOf(chartOf(data.buckets, meta, []), index, index);

/** Opens the page with a bucket of a chart elsewhere picked. */
export const opening = (answer: Answer) => (index: number) => {
  const range = bucketRange(answer, index);
  if (range) go({ page: 'errors', params: { spike: formatSpike(range) } });
};

/** How a chart of the page lets somebody pick a bucket, or let go of it: what is picked is marked. */
export function picking(answer: Answer) {
  const picked = spike();
  const marked = picked && bucketsOf(picked, answer.data.buckets.map(({ start }) => start)); // prettier-ignore
  const onpick = (index: number) => {
    const range = bucketRange(answer, index);
    const text = range ? formatSpike(range) : '';
    setParams({ spike: text === here.view.params['spike'] ? '' : text });
  };
  return { marked, onpick };
}
