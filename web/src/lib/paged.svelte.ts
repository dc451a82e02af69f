// A list that goes on: its first page is a question of a tile, the others are asked for when somebody gets there.
// Rows are added at the end alone: what has come in before the first one since is announced, and shown when asked for.
import { Failure } from './api';
import { notAmong } from './not-among';
import { question, type Ask, type Question } from './question.svelte';
import { session } from './session.svelte';

interface Page<Row> {
  data: Row[];
  next_cursor?: string | null;
}
type AskPage<Of, Answer> = (of: Of & { cursor?: string }, context: Ask) => Promise<Answer>;

export class Paged<Of, Row, Answer extends Page<Row>> {
  rows = $state.raw<Row[]>([]);
  /** Whether the list begins otherwise by now. */
  newer = $state(false);
  loading = $state(false);
  /** Why the next page is not there. */
  failure = $state.raw<Failure | null>(null);

  #cursor = $state<string | null>(null);
  /** Of the last page, if it is not the first one: its cursor, and how many rows there are before it. */
  #last: { cursor: string; before: number } | null = null;
  #of: Of | null = null;
  #asked = '';
  #latest: Answer | null = null;
  #running: AbortController | null = null;

  constructor(
    readonly ask: AskPage<Of, Answer>,
    readonly key: (row: Row) => string,
    /** Whether rows come in at its end while time goes by. */
    readonly grows = false,
  ) {}

  get ended(): boolean {
    return this.#cursor === null;
  }

  /** The first page has come: for another question, or for the same one some time later. */
  arrive(of: Of, answer: Answer, asked: string): void {
    this.#of = of;
    this.#latest = answer;
    const [before, first] = [this.rows[0], answer.data[0]];
    const same = before && first ? this.key(before) === this.key(first) : before === first;
    if (asked !== this.#asked || (same && this.rows.length <= answer.data.length) || !before) this.show(asked);
    else if (!same) this.newer = true;
    else if (this.grows && this.ended && this.#last) void this.#page(this.#last.cursor, this.#last.before);
  }

  /** Shows the list as it was told last, from its beginning. */
  show(asked = this.#asked): void {
    if (!this.#latest) return;
    this.leave();
    this.#asked = asked;
    this.rows = this.#latest.data;
    this.#cursor = this.#latest.next_cursor ?? null;
    this.#last = null;
    this.newer = false;
    this.failure = null;
  }

  async more(): Promise<void> {
    if (this.#cursor !== null) await this.#page(this.#cursor, this.rows.length);
  }

  /** Asks for the page behind so many rows; the last one may be asked for again, which is tried again later if it fails. */
  async #page(cursor: string, before: number): Promise<void> {
    if (this.#of === null || this.loading) return;
    const running = (this.#running = new AbortController());
    this.loading = true;
    this.failure = null;
    try {
      const context = { tenant: session.tenant, signal: running.signal };
      const { data, next_cursor } = await this.ask({ ...this.#of, cursor }, context);
      if (this.#running !== running) return;
      // What has moved down meanwhile is told once more.
      const rows = this.rows.slice(0, before);
      this.rows = [...rows, ...notAmong(data, rows, this.key)];
      this.#last = { cursor, before };
      this.#cursor = next_cursor ?? null;
    } catch (error) {
      if (this.#running !== running) return;
      if (!this.ended) this.failure = error instanceof Failure ? error : new Failure(String(error), 0, 'page');
    }
    this.loading = false;
  }

  leave(): void {
    this.#running?.abort();
    this.#running = null;
    this.loading = false;
  }
}

/** As `question`, with the list that begins with its answer. `key` tells rows apart; a list that `grows` is looked at again after so many milliseconds. */
export function paged<Of extends object, Row, Answer extends Page<Row>>(
  of: () => Of | null,
  ask: AskPage<Of, Answer>,
  key: (row: Answer['data'][number]) => string,
  grows?: number,
): { first: Question<Answer>; list: Paged<Of, Answer['data'][number], Answer> } {
  const list = new Paged<Of, Answer['data'][number], Answer>(ask, key, grows !== undefined);
  const first = question(
    of,
    async (asked: Of, context) => {
      const answer = await ask(asked, context);
      if (!context.signal.aborted) list.arrive(asked, answer, context.tenant + JSON.stringify(asked));
      return answer;
    },
    grows,
  );
  $effect(() => () => list.leave());
  return { first, list };
}
