// The table of pages: what the navigation shows, in its order, and what the address may say. The first one is at /ui/.
import { ALERTS } from './alerts/params';
import { ERRORS } from './errors/params';
import { COMMERCE } from './commerce/commerce';
import { EXPLORER } from './explorer/params';
import { FUNNELS } from './funnels/funnel';
import { PATHS } from './paths/params';
import { PIPELINE } from './pipeline/params';
import { RETENTION } from './retention/retention';
import { SEARCH } from './search/search';
import { SESSIONS } from './sessions/sessions';
import { USERS } from './users/users';
import { EVENT_ID, type PageUrl, type View } from '$lib/url';
import type { IconName } from '$ui/icons';
import type { Component } from 'svelte';

/** What can be chosen of a chart over time: the width of its buckets, and which time it is compared with. */
export type OverTime = 'interval' | 'compare';

export interface Page extends PageUrl {
  title: string;
  icon: IconName;
  load: () => Promise<{ default: Component }>;
  /** Not in the navigation: one gets there from another page, which has it among its `children`. */
  hidden?: boolean;
  children?: readonly string[];
  /** Neither range nor filters say anything here: their controls are away. */
  plain?: boolean;
  /** What of its charts over time can be chosen, by the parameters of the page; all of it if absent. */
  choosable?: (params: View['params']) => readonly OverTime[];
  /** Shown before there is any event too; other pages say then how to send one. */
  before?: boolean;
}

export const pages: readonly Page[] = [
  {
    name: 'overview',
    title: 'Overview',
    icon: 'layout-dashboard',
    load: () => import('./overview/Overview.svelte'),
  },
  {
    ...EXPLORER,
    choosable: ({ by }) => (by ? ['interval'] : ['interval', 'compare']),
    title: 'Explorer',
    icon: 'search',
    load: () => import('./explorer/Explorer.svelte'),
  },
  {
    ...SESSIONS,
    title: 'Sessions',
    icon: 'messages-square',
    children: ['conversation'],
    load: () => import('./sessions/Sessions.svelte'),
  },
  {
    name: 'conversation',
    title: 'Conversation',
    icon: 'message-square',
    hidden: true,
    takesId: true,
    plain: true,
    params: { event: EVENT_ID },
    load: () => import('./conversation/Conversation.svelte'),
  },
  {
    ...ERRORS,
    title: 'Errors',
    icon: 'circle-alert',
    load: () => import('./errors/Errors.svelte'),
  },
  {
    ...FUNNELS,
    title: 'Funnels',
    icon: 'filter',
    choosable: () => [],
    load: () => import('./funnels/Funnels.svelte'),
  },
  {
    ...RETENTION,
    title: 'Retention',
    icon: 'grid-3x3',
    choosable: () => [],
    load: () => import('./retention/Retention.svelte'),
  },
  {
    ...PATHS,
    title: 'Paths',
    icon: 'waypoints',
    choosable: () => [],
    load: () => import('./paths/Paths.svelte'),
  },
  {
    ...USERS,
    title: 'Users',
    icon: 'users',
    children: ['user'],
    load: () => import('./users/Users.svelte'),
  },
  {
    name: 'user',
    title: 'User',
    icon: 'user',
    hidden: true,
    takesId: true,
    params: { event: EVENT_ID },
    load: () => import('./user/User.svelte'),
  },
  {
    ...COMMERCE,
    choosable: ({ part }) => (part === 'products' || part === 'inventory' ? [] : ['interval', 'compare']),
    title: 'Commerce',
    icon: 'shopping-cart',
    load: () => import('./commerce/Commerce.svelte'),
  },
  {
    ...SEARCH,
    title: 'Search',
    icon: 'text-search',
    choosable: () => [],
    load: () => import('./search/Search.svelte'),
  },
  {
    ...ALERTS,
    title: 'Alerts',
    icon: 'bell',
    plain: true,
    before: true,
    load: () => import('./alerts/Alerts.svelte'),
  },
  {
    ...PIPELINE,
    choosable: () => ['interval'],
    title: 'Pipeline',
    icon: 'activity',
    before: true,
    load: () => import('./pipeline/Pipeline.svelte'),
  },
  {
    name: 'get-started',
    title: 'Get started',
    icon: 'rocket',
    plain: true,
    before: true,
    load: () => import('./get-started/GetStarted.svelte'),
  },
];

/** What can be chosen of the charts over time of a view. */
export function choosable({ page: name, params }: View): readonly OverTime[] {
  const page = pages.find((known) => known.name === name);
  if (!page || page.plain) return [];
  return page.choosable?.(params) ?? ['interval', 'compare'];
}
