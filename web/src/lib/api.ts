// Calls of the API: the envelope undone, failures in words of what to do.
import type { components, paths } from './api-types';

export type Schemas = components['schemas'];
export type Meta = Schemas['Meta'];
type Reply<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;
type With<M extends string> = { [P in keyof paths]: paths[P] extends Record<M, object> ? P : never }[keyof paths];

/** A failure as the API tells it; `status` 0 is a network that is away. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly retryAfterMs: number | null = null,
    readonly requestId = '',
  ) {
    super(message);
  }
}

export interface Call {
  /** What stands in the braces of the path. */
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}
interface Context {
  /** Whose events it is about; null where a key or nobody's are meant. */
  tenant: string | null;
  signal?: AbortSignal;
}

let refused = (): void => undefined;
/** What to do when an answer says that nobody is signed in any more, or somebody else. */
export const onRefused = (what: () => void): void => void (refused = what);

/** The URL of a call: parts of the path are encoded, parameters that are undefined left out. */
export function address(path: string, { path: parts = {}, query = {} }: Call = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''));
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const text = new URLSearchParams(given).toString();
  return filled + (text && `?${text}`);
}

/** A response that is good, whatever its body is: of a download or a tail. */
export async function send(method: string, path: string, call: Call, { tenant, signal }: Context): Promise<Response> {
  const headers: Record<string, string> = { ...call.headers };
  // Also where a key names it: somebody may have signed in by another tab since, and is refused then.
  if (tenant !== null) headers['X-Tenant'] = tenant;
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const response = await fetch(address(path, call), { method, headers, body, signal: signal ?? null }).catch(
    (error: unknown) => {
      if (signal?.aborted) throw error;
      throw new Failure('Millrace can’t be reached. Is it running, and are you connected?', 0, 'unreachable');
    },
  );
  if (response.ok) return response;
  if (response.status === 401 || response.status === 403) refused();
  const told = (await response.json().catch(() => ({}))) as { error?: string; code?: string; request_id?: string };
  const wait = Number(response.headers.get('Retry-After'));
  const message = told.error ?? `The server answered ${response.status}.`;
  throw new Failure(message, response.status, told.code ?? '', wait > 0 ? wait * 1_000 : null, told.request_id);
}

export async function get<P extends With<'get'>>(
  path: P,
  call: Call,
  context: Context,
): Promise<Reply<P, 'get' & keyof paths[P]>> {
  return (await send('GET', path, call, context)).json();
}

export async function post<P extends With<'post'>>(
  path: P,
  call: Call,
  context: Context,
): Promise<Reply<P, 'post' & keyof paths[P]>> {
  return (await send('POST', path, call, context)).json();
}

/** Whether it may be over in a moment, so that the same is worth being asked again. */
export const passes = ({ status, code }: Failure): boolean =>
  code === 'unreachable' || [429, 502, 503, 504].includes(status);

/** What to do about a failure, in a sentence. */
export function advice({ status, code }: Failure): string {
  if (status === 0) return 'Retry once it is back.';
  if (code === 'query_too_large') return 'Choose a shorter range, or add a filter.';
  if (status === 401) return 'Sign in again.';
  if (status === 403) return 'Ask for a key that may read.';
  if (status === 429 || status === 503) return 'It is busy: wait a moment, then retry.';
  if (status === 404) return 'It was deleted, or never was.';
  if (code === 'no_vector') return 'Choose the other text, or another event.';
  if (status === 400) return 'Change what is asked: the text, the filters or the range.';
  return 'Retry; if it stays, look at the server’s log for the request’s id.';
}
