// What the list of users has in the address, and what it asks. Pure.
import type { Filter } from '$lib/filters';
import type { PageUrl } from '$lib/url';

export const USERS: PageUrl = { name: 'users', params: { order: ['last_seen', 'events'], q: /.{1,200}/ } };

/** The filters of the page, and the text that the user's name has in it. */
export const found = (filters: readonly Filter[], text: string): Filter[] =>
  text ? [...filters, { field: 'user', op: 'contains', values: [text] }] : [...filters];
