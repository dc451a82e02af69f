// What paths have in the address, and what they ask.
import type { Filter } from '$lib/filters';
import { parseStep } from '$lib/steps';
import type { PageUrl } from '$lib/url';

export const PATHS: PageUrl = {
  name: 'paths',
  params: { start: (text) => parseStep(text) !== null, steps: /[1-9]|10/, top: /[1-9]|[1-4]\d|50/ },
};

export const STEPS = ['3', '2', '4', '5', '6', '8', '10'].map((count) => [count, count] as const);
export const TOPS = ['5', '3', '8', '12', '20'].map((count) => [count, count] as const);

/** The part of the question that is no range. The filters of the page must hold for the start. */
export const pathsOf = (params: Record<string, string>, filters: readonly Filter[]) => ({
  start: { filters: [...(parseStep(params['start'] ?? '') ?? []), ...filters] },
  steps: Number(params['steps'] ?? STEPS[0]?.[0]),
  top: Number(params['top'] ?? TOPS[0]?.[0]),
});
