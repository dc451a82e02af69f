// The table of keys: the shell obeys it, and the help shows it. Pure.
import type { Preset } from './range';

export type Action =
  | { do: 'range'; preset: Preset }
  | { do: 'shift'; direction: -1 | 1 }
  | { do: 'walk'; direction: -1 | 1 }
  | { do: 'interval' | 'compare' | 'search' | 'help' | 'escape' };

export interface Key {
  /** `KeyboardEvent.key`; letters in lower case. */
  key: string;
  name: string;
  what: string;
  action: Action;
}

export const KEYS: readonly Key[] = [
  { key: 'd', name: 'D', what: 'Today', action: { do: 'range', preset: 'today' } },
  { key: 'e', name: 'E', what: 'Yesterday', action: { do: 'range', preset: 'yesterday' } },
  { key: 'h', name: 'H', what: 'Last 24 hours', action: { do: 'range', preset: '24h' } },
  { key: 'w', name: 'W', what: 'Last 7 days', action: { do: 'range', preset: '7d' } },
  { key: 't', name: 'T', what: 'Last 30 days', action: { do: 'range', preset: '30d' } },
  { key: 'm', name: 'M', what: 'This month', action: { do: 'range', preset: 'month' } },
  { key: 'arrowleft', name: '←', what: 'Previous period', action: { do: 'shift', direction: -1 } },
  { key: 'arrowright', name: '→', what: 'Next period', action: { do: 'shift', direction: 1 } },
  { key: 'i', name: 'I', what: 'Next interval, on charts over time', action: { do: 'interval' } },
  { key: 'x', name: 'X', what: 'Compare with the period before, likewise', action: { do: 'compare' } },
  { key: 'j', name: 'J', what: 'Next turn, or next hit', action: { do: 'walk', direction: 1 } },
  { key: 'k', name: 'K', what: 'The one before', action: { do: 'walk', direction: -1 } },
  { key: '/', name: '/', what: 'Add a filter', action: { do: 'search' } },
  { key: '?', name: '?', what: 'This help', action: { do: 'help' } },
  { key: 'escape', name: 'Esc', what: 'Close what is open', action: { do: 'escape' } },
];

/** What of a keyboard event is looked at. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  defaultPrevented: boolean;
  /** Whether the focus is in something that takes letters or arrows itself. */
  typing: boolean;
}

/** Keys with a modifier are the browser's, and those of somebody who types are letters. Shift may be part of `?` and `/`. */
export function actionOf(press: Press): Action | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.defaultPrevented || press.typing) return null;
  if (press.shiftKey && /^[a-z]/i.test(press.key)) return null;
  return KEYS.find(({ key }) => key === press.key.toLowerCase())?.action ?? null;
}
