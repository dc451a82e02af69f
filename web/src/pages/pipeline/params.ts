// What the page of the pipeline has in the address.
import type { PageUrl } from '$lib/url';

export const PIPELINE: PageUrl = {
  name: 'pipeline',
  params: {
    /** Which of the last requests is open beside their list: when it came, and which of that millisecond. */
    request: /[\d:.TZ-]+ \d+/,
  },
};
