// Turns of a conversation, as they are shown. Pure.
import type { Schemas } from '$lib/api';
import { localDate } from '$lib/zone';

export type Turn = Schemas['ReturnedEvent'];

/** A text that is a JSON object or list, undone; null of all others. */
export function structured(text: string): object | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

/** Milliseconds from the turn before to this one. */
export const gap = (before: Turn, turn: Turn): number => Date.parse(turn.created_at) - Date.parse(before.created_at);

/** Whether a turn begins another local day than the one before it; the first one does. */
export function newDay(before: Turn | undefined, turn: Turn, zone: string): boolean {
  const date = ({ created_at }: Turn) => localDate(Date.parse(created_at), zone);
  return !before || date(before) !== date(turn);
}

/** The longest latency, in milliseconds: as long as a bar gets. */
export const slowest = (turns: readonly Turn[]): number =>
  turns.reduce((most, { latency }) => Math.max(most, latency), 0);
