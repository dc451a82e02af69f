// What the page of errors has in the address.
import { EVENT_ID, type PageUrl } from '$lib/url';
import { SPIKE } from './spike';

export const ERRORS: PageUrl = {
  name: 'errors',
  params: {
    /** The fingerprint of the group that is looked at. */
    group: /.{1,1100}/,
    spike: SPIKE,
    show: ['new', 'back'],
    /** The id of an event that is open beside the table. */
    event: EVENT_ID,
    /** What a group is compared with, if not with all events. */
    against: ['errors'],
  },
};
