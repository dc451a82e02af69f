// When an answer is worth being asked for anew: as soon as more is written than it holds, and not so often that the
// server is busy with it. Pure.

const LEAST_MS = 15_000;
/** An answer is asked for at most a tenth of the time. */
const REST = 10;

export interface Answered {
  /** When it was asked for, in milliseconds since 1970, and how long that took. */
  askedAt: number;
  tookMs: number;
  /** How much the pipeline had written before, as a count that only grows; null if that was not known. */
  written: number | null;
}

export const isDue = ({ askedAt, tookMs, written }: Answered, now: number, writtenNow: number | null): boolean =>
  writtenNow !== null && writtenNow !== written && now - askedAt >= Math.max(LEAST_MS, REST * tookMs);

/** What of the pipeline is known now. */
export interface Complete {
  /** Up to when all that was taken in is written, in milliseconds since 1970. */
  until: number;
  written: number | null;
}

/** Up to when an answer holds all: up to what it says itself, and on while nothing more is written. */
export const holdsUntil = (said: number, written: number | null, now: Complete | null): number =>
  now && now.written !== null && now.written === written ? Math.max(said, now.until) : said;
