// Counts of a funnel's users. Pure.
import type { Schemas } from '$lib/api';

type Steps = readonly Pick<Schemas['FunnelStep'], 'users'>[];
export type Outcome = 'converted' | 'dropped';

/** How many took a step, from 1, or took the one before it and not this one. Who took a step took all before it. */
export function usersOf(steps: Steps, step: number, outcome: Outcome): number | null {
  const took = steps[step - 1]?.users;
  if (took === undefined || outcome === 'converted') return took ?? null;
  const before = steps[step - 2]?.users;
  return before === undefined ? null : before - took;
}
