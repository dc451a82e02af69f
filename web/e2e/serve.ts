// Whose page is tested: that of the server at MILLRACE_URL, or, if it serves none or MILLRACE_PAGE=dist asks for it, what
// stands in dist/, under the same policy, with everything else handed on to that server.
import { createReadStream, existsSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    page: string;
  }
}

const API = new URL(process.env['MILLRACE_URL'] ?? 'http://127.0.0.1:8080');
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

// What the API says of itself without keys.
const ANYBODY = { needs_key: false, tenant: 'default', scopes: ['read'], ended: false, tenants: ['default', 'shop'] };

function file(path: string, answer: ServerResponse): void {
  const asked = join('dist', path.slice('/ui/'.length));
  // An id in the address of a page may look like a file.
  const found = path.startsWith('/ui/assets/') || (extname(path) && existsSync(asked)) ? asked : 'dist/index.html';
  if (!existsSync(found)) return void answer.writeHead(404).end();
  answer.writeHead(200, {
    'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream',
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
  });
  createReadStream(found).pipe(answer);
}

function hand(asked: IncomingMessage, answer: ServerResponse): void {
  const { method, url: path, headers } = asked;
  const on = request({
    hostname: API.hostname,
    port: API.port,
    method,
    path,
    headers: { ...headers, host: API.host },
  });
  on.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  on.on('error', () => answer.writeHead(502).end());
  answer.on('close', () => on.destroy());
  asked.pipe(on);
}

/** Whether the server has a page of its own: what it has without one says how to build it. */
async function hasPage(): Promise<boolean> {
  if (process.env['MILLRACE_PAGE'] === 'dist') return false;
  const answer = await fetch(new URL('/ui/', API)).catch(() => null);
  return answer !== null && answer.ok && (await answer.text()).includes('type="module"');
}

export default async function setup(project: TestProject): Promise<() => void> {
  if (await hasPage()) {
    project.provide('page', API.origin);
    return () => undefined;
  }
  const server = createServer((asked, answer) => {
    const path = new URL(asked.url ?? '/', API).pathname;
    if (path === '/ui/session') answer.end(JSON.stringify({ data: ANYBODY }));
    else if (path === '/docs') file('/ui/docs.html', answer);
    else if (path.startsWith('/ui/')) file(path, answer);
    else hand(asked, answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  project.provide('page', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () => server.close();
}
