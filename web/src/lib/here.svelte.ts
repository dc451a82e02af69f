// Where the page is: the view that the address says, and the only way to go elsewhere.
import { pages } from '$pages/index';
import { fits } from './filters';
import { now } from './now.svelte';
import { fittingIntervals } from './range';
import { format, parse, type View } from './url';
import { browserZone } from './zone';

const zone = browserZone();
const read = () => parse(new URL(location.href), pages, zone);
const first = read();

class Here {
  view = $state.raw<View>(first.view);
  notices = $state.raw<string[]>(first.notices);
}
export const here = new Here();

/**
 * A change of page leaves the parameters and tables of the old one behind; range, zone, filters and tenant stay. An interval that
 * does not fit another range does not.
 */
export type Step = Partial<View>;
function changed(step: Step): View {
  const elsewhere = step.page !== undefined && step.page !== here.view.page;
  const view = { ...here.view, ...(elsewhere ? { id: '', params: {}, tables: [] } : {}), ...step };
  const fits = !step.range || fittingIntervals(view.range, view.zone, now.ms).includes(view.interval);
  return fits ? view : { ...view, interval: 'auto' };
}

/** The address of a step from here, for links; none if a filter has a longer value than the API takes. */
export const href = (step: Step): string =>
  step.filters?.some(({ values }) => !values.every(fits)) ? '' : format(changed(step), pages, zone);

/** Goes there. `replace` leaves no entry in the history: for what changes while somebody types. */
export function go(step: Step, how: 'push' | 'replace' = 'push'): void {
  const view = changed(step);
  const address = format(view, pages, zone);
  if (address !== location.pathname + location.search) {
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }
  if (view.page !== here.view.page || view.id !== here.view.id) scrollTo(0, 0);
  here.view = view;
}

/** Sets parameters of this page; empty ones are dropped. */
export function setParams(params: Record<string, string>, how: 'push' | 'replace' = 'push'): void {
  const all = Object.entries({ ...here.view.params, ...params }).filter(([, value]) => value !== '');
  go({ params: Object.fromEntries(all) }, how);
}

/** Whether the chart of that name is shown as a table. */
export const isTable = (name: string): boolean => here.view.tables.includes(name);
export function toggleTable(name: string): void {
  const others = here.view.tables.filter((other) => other !== name);
  go({ tables: isTable(name) ? others : [...others, name] });
}

export const dismiss = (notice: string): void => void (here.notices = here.notices.filter((other) => other !== notice));
export const notify = (notice: string): void =>
  void (here.notices = [...here.notices.filter((other) => other !== notice), notice]);

function arrive(): void {
  const { view, notices } = read();
  here.view = view;
  here.notices = notices;
}

/** A link to a page of ours changes the view without loading anything anew; with a modifier it is the browser's. */
function follow(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (!link.pathname.startsWith('/ui/') || link.hash || event.button !== 0) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const { view, notices } = parse(new URL(link.href), pages, zone);
  notices.forEach(notify);
  go(view);
}

/** Begins to listen to links and to the browser's Back. */
export function listen(): void {
  history.replaceState(null, '', format(here.view, pages, zone));
  addEventListener('popstate', arrive);
  document.addEventListener('click', follow);
}
