// A group of errors as filters: the API tells groups by their fingerprints, and filters know none. Pure.
import type { Schemas } from '$lib/api';
import { FAILED, fits, fitting, type Filter } from '$lib/filters';

export type Group = Schemas['ErrorGroup'];

/** Characters of a text that its fingerprint is made of. */
const MAX_CHARS = 1_000;

/**
 * What all errors of a group have in common: the parts around what is variable, `?` in the fingerprint. Other errors
 * may have these parts too, in another order or with more between them.
 */
export function groupFilters(fingerprint: string): Filter[] {
  const parts = fingerprint.split('?');
  const [first = '', ...others] = parts;
  const whole = parts.length === 1 && [...fingerprint].length < MAX_CHARS && fits(fingerprint);
  if (whole) return [{ field: 'error', op: 'is', values: [fingerprint] }];
  const inside = [...new Set(others.filter((part) => part.trim() !== ''))];
  const filters: Filter[] = inside.map((part) => ({ field: 'error', op: 'contains', values: [fitting(part)] }));
  if (first.trim() !== '') filters.unshift({ field: 'error', op: 'starts_with', values: [fitting(first)] });
  return filters.length > 0 ? filters : [FAILED];
}

export type Standing = 'new' | 'back' | '';

/** Groups that the API returns at most, and so how many of the period before must be fewer to be all of them. */
export const MAX_GROUPS = 1_000;

/** `new`: never before the range. `back`: none in the period before, but earlier. */
export function standing(group: Group, before: readonly Group[] | null): Standing {
  if (group.new) return 'new';
  if (before === null || before.length >= MAX_GROUPS) return '';
  return before.some(({ fingerprint }) => fingerprint === group.fingerprint) ? '' : 'back';
}

export const STANDING_NAMES: Record<Exclude<Standing, ''>, { name: string; what: string }> = {
  new: { name: 'new', what: 'There was none before this range.' },
  back: { name: 'returned', what: 'There was none in the period before, but there were earlier ones.' },
};
