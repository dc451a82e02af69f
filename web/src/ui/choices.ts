// What a text field over a list offers for what is typed in it. Pure.
import { quoted } from '$lib/format';

export interface Choice {
  value: string;
  /** What its line says, if not the value. */
  label?: string;
  /** What stands at the end of its line, such as a count. */
  note?: string;
  selected?: boolean;
}

/** Names that have the text in them: the name itself first, then those that begin with it. */
export function ranked<Named>(all: readonly Named[], text: string, nameOf: (each: Named) => string): Named[] {
  const sought = text.trim().toLowerCase();
  const rank = (name: string) => (name === sought ? 0 : name.startsWith(sought) ? 1 : 2);
  return all
    .filter((each) => nameOf(each).toLowerCase().includes(sought))
    .sort((one, other) => rank(nameOf(one).toLowerCase()) - rank(nameOf(other).toLowerCase()));
}

/**
 * Values that have the text in them, the value itself first; and the text as it is typed, where no value is just that:
 * last, since a known value is meant more often, or `first`, where a part or a number is. Without a text those that are
 * chosen come first.
 */
export function valueChoices(
  known: readonly { value: string; note: string }[],
  text: string,
  chosen: readonly string[] = [],
  literal: 'first' | 'last' = 'last',
): Choice[] {
  const choice = (each: Choice): Choice =>
    chosen.includes(each.value) ? { ...each, note: 'chosen', selected: true } : each;
  if (!text) {
    const others = known.filter(({ value }) => !chosen.includes(value));
    return [...chosen.map((value) => choice({ value })), ...others];
  }
  const same = known.filter(({ value }) => value === text);
  const others = ranked(known, text, ({ value }) => value).filter(({ value }) => value !== text);
  const typed = same.length > 0 ? same : [{ value: text, label: `Use ${quoted(text)} as typed` }];
  const all = same.length > 0 || literal === 'first' ? [...typed, ...others] : [...others, ...typed];
  return all.map(choice);
}
