// What the page of search has in the address, and which pieces of an event it shows. Pure.
import type { Schemas } from '$lib/api';
import { EVENT_ID, type PageUrl } from '$lib/url';

export const SEARCH: PageUrl = {
  name: 'search',
  params: { q: /.{1,500}/, similar: EVENT_ID, by: ['output'], event: EVENT_ID },
};

const TEXTS = ['error', 'input', 'output'] as const;
export type Part = [name: (typeof TEXTS)[number], pieces: readonly Schemas['Piece'][]];

/** Whether there is something to look for: a word without a minus is not asked for before it is there. */
export const askable = (text: string): boolean => /(^|\s)"?[^\s"-]*[\p{L}\p{N}]/u.test(text);

/** The pieces around the hits. */
export const snippets = (found: Schemas['Snippets']): Part[] =>
  TEXTS.flatMap((name): Part[] => (found[name] ? [[name, found[name]]] : []));

/** The beginnings of the texts of an event, as lists have them. */
export const beginnings = (event: Schemas['ListedEvent']): Part[] =>
  TEXTS.flatMap((name): Part[] => {
    const text = event[name] + (event.truncated?.includes(name) ? '…' : '');
    return text ? [[name, [{ text, hit: false }]]] : [];
  });
