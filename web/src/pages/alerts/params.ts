// What the page of alerts has in the address.
import type { PageUrl } from '$lib/url';

export const STATES = ['open', 'acknowledged', 'resolved'] as const;

export const ALERTS: PageUrl = {
  name: 'alerts',
  params: {
    state: STATES,
    rule: /.{1,256}/,
    /** The id of the alert that is open beside the list. */
    alert: /[0-9a-f-]{36}/,
  },
};
