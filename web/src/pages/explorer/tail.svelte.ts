// What is accepted just now, by `GET /tail`: one stream, and only while the page is seen, so that a browser with many
// tabs keeps its few connections to the server.
import { Failure, send, type Schemas } from '$lib/api';
import { plural } from '$lib/format';
import { notAmong } from '$lib/not-among';
import { SentEvents, type Sent } from '$lib/sse';

const KEPT_ROWS = 1_000;
const SHOW_EVERY_MS = 250;
const AGAIN_AFTER_MS = 2_000;

export interface Change {
  /** Where the log put it: partition and offset. */
  place: string;
  kind: 'created' | 'updated' | 'deleted';
  event: Partial<Schemas['ListedEvent']> & { id: string };
}

/** Waits, but no longer than until the signal. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });

export class Tail {
  /** Newest first. */
  rows = $state.raw<Change[]>([]);
  /** Accepted, and not shown yet: while it is paused, or somebody reads further below. */
  waiting = $state(0);
  /** What was not waited for, in words; empty if nothing. */
  missed = $state('');
  held = $state(false);
  failure = $state.raw<Failure | null>(null);
  connected = $state(false);

  #queue: Change[] = [];
  #lastId = '';

  /** Follows until the signal; a lost stream is taken up where it ended. */
  async follow(query: Record<string, string | undefined>, tenant: string, signal: AbortSignal): Promise<void> {
    const timer = setInterval(() => this.#flush(), SHOW_EVERY_MS);
    while (!signal.aborted) {
      try {
        await this.#stream(query, tenant, signal);
        this.failure = null;
      } catch (error) {
        if (signal.aborted) break;
        this.failure = error instanceof Failure ? error : new Failure('The stream broke off.', 0, 'stream');
      }
      this.connected = false;
      const wait = this.failure?.retryAfterMs ?? AGAIN_AFTER_MS;
      await pause(wait, signal);
    }
    clearInterval(timer);
    this.connected = false;
  }

  async #stream(query: Record<string, string | undefined>, tenant: string, signal: AbortSignal): Promise<void> {
    const headers: Record<string, string> = this.#lastId ? { 'Last-Event-ID': this.#lastId } : {};
    const response = await send('GET', '/tail', { query, headers }, { tenant, signal });
    this.connected = true;
    this.failure = null;
    const events = new SentEvents();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      events.push(piece.value).forEach((sent) => this.#take(sent));
    }
  }

  #take({ event, id, data }: Sent): void {
    const told: unknown = JSON.parse(data);
    if (event === 'missed') {
      const { count } = told as { count: number | null };
      this.missed = count === null ? 'Some changes' : plural(count, 'change');
      return;
    }
    this.#lastId = id;
    this.#queue.unshift({ place: id, kind: event as Change['kind'], event: told as Change['event'] });
    if (this.#queue.length > KEPT_ROWS) this.#queue.length = KEPT_ROWS;
  }

  #flush(): void {
    if (!this.held && this.#queue.length > 0) this.show();
    this.waiting = this.#queue.length;
  }

  /** Forgets all, for others than it followed until now. */
  clear(): void {
    this.rows = [];
    this.#queue = [];
    this.#lastId = '';
    this.waiting = 0;
    this.missed = '';
  }

  /** Shows what waits. */
  show(): void {
    // A stream that is taken up at another process may begin with what is known.
    const before = notAmong(this.rows, this.#queue, ({ place }) => place);
    this.rows = [...this.#queue, ...before].slice(0, KEPT_ROWS);
    this.#queue = [];
    this.waiting = 0;
  }
}
