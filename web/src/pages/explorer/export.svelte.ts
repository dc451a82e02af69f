// Takes an export of the server in, which may be large, and hands it over as a file once all of it is there.
import { Failure, send, type Call } from '$lib/api';
import { download } from '$lib/download';
import { sentence, type Filter } from '$lib/filters';

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

const EXPORTED: readonly string[] = ['event_name', 'source'];
const isExported = ({ field, op, values }: Filter): boolean =>
  EXPORTED.includes(field) && op === 'is' && values.length === 1;

/** What of the filters an export knows: one name and one source. */
export const exportQuery = (filters: readonly Filter[]): Record<string, string> =>
  Object.fromEntries(filters.filter(isExported).map(({ field, values }) => [field, values[0] ?? '']));

/** The other filters, in words. */
export const leftOut = (filters: readonly Filter[]): string[] =>
  filters.filter((filter) => !isExported(filter)).map(sentence);

export class Transfer {
  running = $state(false);
  /** Bytes, while they come. */
  received = $state(0);
  failure = $state('');
  #stop: AbortController | null = null;

  async run(query: NonNullable<Call['query']>, tenant: string, name: string): Promise<void> {
    const stop = (this.#stop = new AbortController());
    this.running = true;
    this.received = 0;
    this.failure = '';
    try {
      const response = await send('GET', '/export', { query }, { tenant, signal: stop.signal });
      const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
      download(name, await this.#take(response), type);
    } catch (error) {
      if (!stop.signal.aborted)
        this.failure = error instanceof Failure ? error.message : 'The export broke off: there is no file.';
    }
    this.running = false;
  }

  async #take(response: Response): Promise<Blob> {
    const pieces: BlobPart[] = [];
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      pieces.push(piece.value);
      this.received += piece.value.length;
    }
    return new Blob(pieces);
  }

  cancel(): void {
    this.#stop?.abort();
  }
}
