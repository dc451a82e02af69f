// Where numbers, rows and values lead. All keep the range, the zone and the tenant.
import type { Filter } from './filters';
import { here, href } from './here.svelte';
import type { Range } from './range';

/** The events behind a number: the filters are all of its predicate. */
export const eventsHref = (
  filters: Filter[],
  params: Record<string, string> = {},
  range: Range = here.view.range,
): string => href({ page: 'explorer', filters, range, params });

/** The users of these events: the filters are all of its predicate. */
export const usersHref = (filters: Filter[], range: Range = here.view.range): string =>
  href({ page: 'users', filters, range, params: {} });

/** The conversations of these events. */
export const sessionsHref = (filters: Filter[], range: Range = here.view.range): string =>
  href({ page: 'sessions', filters, range, params: {} });

/** A conversation, at one of its events if one is named. */
export const conversationHref = (id: string, event = ''): string =>
  href({ page: 'conversation', id, filters: [], params: event ? { event } : {} });

/** A user, named as `userOf` says. */
export const userHref = (user: string): string => href({ page: 'user', id: user, filters: [], params: {} });
