// What a rule looks for, in a sentence. Pure.
import type { Schemas } from '$lib/api';
import { sentence, type Filter } from '$lib/filters';
import { number, plural } from '$lib/format';
import { formatMetric, metricTitle, prints } from '$lib/metric';

export type Rule = Schemas['Good_Vec_ToldRule']['data'][number];

type Filters = Schemas['Filter'][];
const whose = (filters: Filters): string =>
  filters.length > 0 ? `, of events whose ${filters.map((filter) => sentence(filter as Filter)).join(' and ')}` : '';

/** `Error rate of the last 24h is over 2%, …`. */
export function looksFor(rule: Rule): string {
  switch (rule.of) {
    case 'event': {
      const key = rule.key.length > 0 ? `, for each ${rule.key.join(' and ')}` : '';
      return `${rule.event} comes in${key}${rule.resolved_by ? `, until ${rule.resolved_by}` : ''}`;
    }
    case 'metric': {
      const metric = formatMetric(rule.metric);
      const { print } = prints(metric);
      const bound = typeof rule.over === 'number' ? `over ${print(rule.over)}` : `under ${print(rule.under ?? null)}`;
      const least = rule.min_events > 0 ? `, once there are ${plural(rule.min_events, 'event')}` : '';
      return `${metricTitle(metric)} of the last ${rule.window} is ${bound}${whose(rule.filters)}${least}`;
    }
    case 'silence':
      return `No event for ${rule.silence}${whose(rule.filters)}`;
    case 'lag':
      return `More than ${number(rule.lag_over)} operations are not visible yet`;
  }
}
