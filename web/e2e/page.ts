// The page of a server: its own, or that of a folder, under the same policy, with everything else handed on to the server.
import { createReadStream, existsSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { AddressInfo } from 'node:net';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

function file(folder: string, path: string, answer: ServerResponse): void {
  const asked = join(folder, path.slice('/ui/'.length));
  // An id in the address of a page may look like a file.
  const isFile = path.startsWith('/ui/assets/') || (extname(path) && existsSync(asked));
  const found = isFile ? asked : join(folder, 'index.html');
  if (!existsSync(found)) return void answer.writeHead(404).end();
  answer.writeHead(200, {
    'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream',
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
  });
  createReadStream(found).pipe(answer);
}

function hand(api: URL, asked: IncomingMessage, answer: ServerResponse): void {
  const { method, url: path, headers } = asked;
  const on = request({ hostname: api.hostname, port: api.port, method, path, headers: { ...headers, host: api.host } });
  on.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  on.on('error', () => answer.writeHead(502).end());
  answer.on('close', () => on.destroy());
  asked.pipe(on);
}

export interface Served {
  /** Without a slash at its end. */
  origin: string;
  close: () => void;
}

/** Serves the folder that `folder` names at each request. */
export async function serve(api: string, folder: () => string): Promise<Served> {
  const handsOn = new URL(api);
  const server = createServer((asked, answer) => {
    const path = new URL(asked.url ?? '/', api).pathname;
    if (path === '/docs') file(folder(), '/ui/docs.html', answer);
    else if (path.startsWith('/ui/') && path !== '/ui/session') file(folder(), path, answer);
    else hand(handsOn, asked, answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** The page that the server has in it, or, if MILLRACE_PAGE=dist asks for it, the one that is built in `dist`. */
export async function pageOf(api: string): Promise<Served> {
  if (process.env['MILLRACE_PAGE'] === 'dist') return serve(api, () => 'dist');
  const answer = await fetch(new URL('/ui/', api));
  // A server that was built without the page says there how to build it.
  if (!answer.ok || !(await answer.text()).includes('type="module"'))
    throw new Error(`${api} has no page in it: scripts/build-page.sh, then build it again`);
  return { origin: new URL(api).origin, close: () => undefined };
}
