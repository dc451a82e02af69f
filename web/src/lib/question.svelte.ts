// A question of a tile to the API: the newest answer wins, an older one is given up, and stays shown until then.
import { untrack } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import { Failure, passes, type Meta } from './api';
import { isPressed } from './focus';
import { freshness } from './freshness.svelte';
import { now } from './now.svelte';
import { isOver } from './range';
import { holdsUntil, isDue, type Answered } from './renewal';
import { session } from './session.svelte';

const MAX_AUTOMATIC_RETRIES = 2;
const MAX_WAIT_MS = 10_000;
/** After which a failure that passes is looked at again. */
const AGAIN_AFTER_MS = 5_000;

export interface Ask {
  tenant: string;
  signal: AbortSignal;
}

export class Question<Answer> {
  answer = $state.raw<Answer | null>(null);
  /** Why there is no answer. It stays while the same is asked again by itself. */
  failure = $state.raw<Failure | null>(null);
  pending = $state(false);
  /** Whether the answer is that of an earlier question, not of this one asked anew. */
  stale = $state(false);
  /** Milliseconds since 1970, 0 when nothing is asked. */
  since = $state(0);
  /** Up to when all that was taken in is in the answer, in milliseconds since 1970; null if it does not say. */
  until = $state<number | null>(null);
  /** Of the last answer. */
  answered = $state.raw<Answered | null>(null);

  #ask: (ask: Ask) => Promise<Answer>;
  #running: AbortController | null = null;

  constructor(ask: (ask: Ask) => Promise<Answer>) {
    this.#ask = ask;
  }

  async ask(): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.pending = true;
    const askedAt = (this.since = Date.now());
    const written = freshness.told?.written ?? null;
    try {
      const answer = await this.#patiently(running.signal);
      if (this.#running !== running) return;
      this.answer = answer;
      this.until = completeUntil(answer);
      this.answered = { askedAt, tookMs: Date.now() - askedAt, written };
      this.failure = null;
      this.stale = false;
    } catch (error) {
      if (this.#running !== running) return;
      this.failure = error instanceof Failure ? error : new Failure(String(error), 0, 'page');
    }
    this.#end();
  }

  /** Asks by the hand of somebody, who sees that it begins anew. */
  retry(): void {
    this.failure = null;
    void this.ask();
  }

  /** Gives up what is asked, by the hand of somebody who does not want to wait. */
  cancel(): void {
    if (!this.pending) return;
    this.failure = new Failure('Cancelled.', 0, 'cancelled');
    this.leave();
  }

  /** Ends what is asked without a word: nobody looks any more. */
  leave(): void {
    this.#running?.abort();
    this.#end();
  }

  #end(): void {
    this.#running = null;
    this.pending = false;
    this.since = 0;
  }

  /** A server that is busy says when to come again. */
  async #patiently(signal: AbortSignal): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#ask({ tenant: session.tenant, signal });
      } catch (error) {
        const wait = error instanceof Failure ? error.retryAfterMs : null;
        if (wait === null || wait > MAX_WAIT_MS || tries === MAX_AUTOMATIC_RETRIES || signal.aborted) throw error;
        await new Promise((done) => setTimeout(done, wait));
        signal.throwIfAborted();
      }
    }
  }
}

/** What an answer of the API says of itself. */
function completeUntil(answer: unknown): number | null {
  const meta = (answer as { meta?: Partial<Meta> } | null)?.meta;
  const until = meta?.as_of ?? meta?.complete_until;
  return until ? Date.parse(until) : null;
}

/** The questions whose answers go on, on the page that is shown. */
const goingOn = new SvelteSet<Question<unknown>>();

/** Up to when all is in each number that is shown; null where no answer goes on. */
export function shownUntil(): number | null {
  const all = [...goingOn].flatMap(({ until, answered }) =>
    until === null ? [] : [holdsUntil(until, answered?.written ?? null, freshness.complete)],
  );
  return all.length > 0 ? Math.min(...all) : null;
}

/**
 * Asks as soon as the component is there, and again whenever `of` says something else: what the question is of. It is
 * JSON, so that only what matters asks anew; `null` asks nothing. The same is asked again quietly: each minute, and
 * when more is written, unless its time is over; `always` each minute whatever its time is; `once` never; or after so
 * many milliseconds. What failed for a reason that passes is asked again until it has an answer.
 */
export function question<Of, Answer>(
  of: () => Of | null,
  ask: (of: Of, context: Ask) => Promise<Answer>,
  how: 'renewed' | 'always' | 'once' | number = 'renewed',
): Question<Answer> {
  const asked = $derived(JSON.stringify(of()));
  const made = new Question<Answer>((context) => ask(JSON.parse(asked) as Of, context));
  let last = '';
  $effect(() => {
    if (how !== 'once') void now.refreshed;
    const over = isOver(JSON.parse(asked), untrack(() => now.ms)); // prettier-ignore
    if (how === 'always' || (how !== 'once' && !over)) void now.ms;
    const key = session.tenant + asked;
    if (asked === 'null') return;
    untrack(() => {
      if (key === last && made.pending) return;
      if (key !== last) {
        made.stale = made.answer !== null;
        made.failure = null;
      }
      last = key;
      void made.ask();
    });
  });
  const renewed = how === 'renewed' || how === 'always';
  const goesOn = $derived(renewed && asked !== 'null' && !isOver(JSON.parse(asked), now.ms));
  $effect(() => {
    if (!goesOn) return;
    goingOn.add(made);
    return () => void goingOn.delete(made);
  });
  $effect(() => {
    const { told } = freshness;
    if (!goesOn || !told) return;
    untrack(() => {
      const due = made.answered && isDue(made.answered, Date.now(), told.written);
      if (due && !made.pending && !made.failure && !isPressed()) void made.ask();
    });
  });
  $effect(() => {
    const again = made.failure && passes(made.failure) ? AGAIN_AFTER_MS : Infinity;
    const every = Math.min(typeof how === 'number' ? how : Infinity, again);
    if (every === Infinity) return;
    const timer = setInterval(() => document.hidden || made.pending || asked === 'null' || void made.ask(), every);
    return () => clearInterval(timer);
  });
  $effect(() => () => made.leave());
  return made;
}
