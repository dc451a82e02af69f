// The time, as the page goes by it: it moves on once a minute while somebody looks. What is asked of a range that
// goes on is asked again then, and a new day changes what "today" is.
const EVERY_MS = 60_000;

class Now {
  ms = $state(Date.now());
  /** How often somebody asked for all of it anew. */
  refreshed = $state(0);
}
export const now = new Now();

const tick = (): void => void (now.ms = Date.now());

/** Asks for all that is shown anew. */
export function refresh(): void {
  tick();
  now.refreshed++;
}

export function startClock(): void {
  const due = () => {
    if (!document.hidden && Date.now() - now.ms >= EVERY_MS) tick();
  };
  setInterval(due, 1_000);
  document.addEventListener('visibilitychange', due);
}
