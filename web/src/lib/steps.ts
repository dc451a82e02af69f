// Lists of filters as a text of the URL: filters of one list with `|` between them, lists with `;`. Pure.
import { formatFilter, parseFilter, sentence, splitAt, type Filter } from './filters';

/** What one event must be: all filters hold. None is any event. */
export type Step = readonly Filter[];

const guard = (text: string): string => text.replace(/[;|]/g, (found) => `\\${found}`);

export const formatStep = (step: Step): string => step.map((filter) => guard(formatFilter(filter))).join('|');
export const formatSteps = (steps: readonly Step[]): string => steps.map(formatStep).join(';');

/** Null if it is no list of filters; the empty text is the empty list. */
export function parseStep(text: string): Filter[] | null {
  if (text === '') return [];
  const filters = splitAt(text, '|').map(parseFilter);
  return filters.every((filter) => filter !== null) ? filters : null;
}

export function parseSteps(text: string): Filter[][] | null {
  if (text === '') return [];
  const steps = splitAt(text, ';').map(parseStep);
  return steps.every((step) => step !== null) ? steps : null;
}

/** What people call it: the name of its event where it has one, else its filters as a sentence. */
export function stepName(step: Step): string {
  const named = step.filter(({ field, op }) => field === 'event_name' && op === 'is').map(({ values }) => values);
  const rest = step.filter(({ field, op }) => !(field === 'event_name' && op === 'is')).map(sentence);
  const name = named.map((values) => values.map((value) => value || '""').join(' or ')).join(' and ');
  return [name || (rest.length > 0 ? '' : 'any event'), rest.join(' and ')].filter(Boolean).join(', ');
}
