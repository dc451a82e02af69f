// What the funnel has in the address, and what it asks.
import type { Schemas } from '$lib/api';
import { isField, named, type Filter } from '$lib/filters';
import { spans } from '$lib/spans';
import { parseSteps, stepName, type Step } from '$lib/steps';
import type { PageUrl } from '$lib/url';
import { usersOf, type Outcome } from '$ui/funnel-steps';

export const MAX_STEPS = 12;

export const FUNNELS: PageUrl = {
  name: 'funnels',
  params: {
    steps: (text) => {
      const steps = parseSteps(text);
      return steps !== null && steps.length <= MAX_STEPS;
    },
    window: /[1-9]\d{0,3}(ms|[smhdw])/,
    order: ['strict'],
    entry: ['first'],
    by: isField,
    at: ['last_step'],
    who: /\d{1,2}(\.dropped)?(:.*)?/,
    state: ['through', 'open', 'lost'],
  },
};

export const WINDOWS = spans('7d', '5m', '30m', '1h', '1d', '14d', '30d', '90d');
export const ORDERS = [
  ['loose', 'Any other events'],
  ['strict', 'Nothing else'],
] as const;
export const ENTRIES = [
  ['latest', 'The last start'],
  ['first', 'The first start'],
] as const;
export const ATTRIBUTIONS = [
  ['first_step', 'The first step'],
  ['last_step', 'The last step taken'],
] as const;

/** What a shop looks at first, from the names of `docs/events.md`; a login tells the device. */
const SHOP = ['user.logged_in', 'product.viewed', 'order.created', 'payment.processed'];
/** The steps to begin with where all of these happen; none where nothing is known of what follows what. */
export const usualSteps = (names: readonly string[]): Filter[][] =>
  SHOP.every((name) => names.includes(name)) ? SHOP.map((name) => [named(name)]) : [];

export const stepsOf = (params: Record<string, string>): Filter[][] => parseSteps(params['steps'] ?? '') ?? [];

/** The filters of the page must hold for the event of each step. */
const withAll = (step: Step, filters: readonly Filter[]): Filter[] => [...step, ...filters];

/** The part of the question that is no range; null while there are too few steps. */
export function funnelOf(params: Record<string, string>, filters: readonly Filter[]) {
  const steps = stepsOf(params);
  if (steps.length < 2) return null;
  return {
    steps: steps.map((step) => ({ name: stepName(step), filters: withAll(step, filters) })),
    window: params['window'] ?? WINDOWS[0][0],
    order: params['order'] ?? ORDERS[0][0],
    entry: params['entry'] ?? ENTRIES[0][0],
    ...(params['by'] ? { breakdown: { field: params['by'] }, attribution: params['at'] ?? ATTRIBUTIONS[0][0] } : {}),
  };
}

export interface Who {
  step: number;
  outcome: Outcome;
  /** Of the breakdown; empty for those without one. */
  value?: string;
}

/** As the address says it: `2`, `2.dropped`, `2.dropped:mobile`. */
export const formatWho = ({ step, outcome, value }: Who): string =>
  `${step}${outcome === 'dropped' ? '.dropped' : ''}${value === undefined ? '' : `:${value}`}`;

/** The users behind a number, if the address names some that there are. */
export function whoOf(params: Record<string, string>): Who | null {
  const [, step, dropped, value] = /^(\d+)(\.dropped)?(?::(.*))?$/s.exec(params['who'] ?? '') ?? [];
  const who: Who = {
    step: Number(step),
    outcome: dropped ? 'dropped' : 'converted',
    ...(value === undefined ? {} : { value }),
  };
  const steps = stepsOf(params).length;
  if (!step || who.step < (dropped ? 2 : 1) || who.step > steps || (value !== undefined && !params['by'])) return null;
  return who;
}

/** How many users `who` says there are, of the answer that has the number. */
export function countOf({ steps, groups }: Schemas['FunnelAnswer'], { step, outcome, value }: Who): number | null {
  if (value === undefined) return usersOf(steps, step, outcome);
  const group = groups?.find(({ key, role }) => (value === '' ? role === 'none' : role === 'value' && key === value));
  return group ? usersOf(group.steps, step, outcome) : null;
}

/** What becomes of a user: through all steps; `open`, who may still go on; or lost, since the time is over. */
export type State = 'through' | 'open' | 'lost';
export const STATES: Record<State, string> = { through: 'Through', open: 'May go on', lost: 'Lost' };

export function stateOf({ steps, open }: Pick<Schemas['FunnelUser'], 'steps' | 'open'>, stepCount: number): State {
  if (steps >= stepCount) return 'through';
  return open ? 'open' : 'lost';
}

/** Those that the users behind a number may be in. */
export function statesOf({ step, outcome }: Who, stepCount: number): State[] {
  if (outcome === 'dropped') return ['lost', 'open'];
  return step === stepCount ? ['through'] : ['through', 'lost', 'open'];
}
