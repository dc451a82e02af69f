// A `millrace` of a test's own, and what such a test needs beside it: processes of the binaries at MILLRACE_BIN.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pageOf } from './page';

const BINARIES = process.env['MILLRACE_BIN'] ?? '../target/debug';
const LOOK_EVERY_MS = 50;

/** Waits until something is there. */
async function until<There>(look: () => There | undefined | Promise<There | undefined>): Promise<There> {
  for (;;) {
    const there = await look();
    if (there !== undefined) return there;
    await pause(LOOK_EVERY_MS);
  }
}

export interface Running {
  /** Where it is, by HTTP. */
  url: string;
  end: () => Promise<void>;
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGINT');
  await until(() => ended(child) || undefined);
}

/** Starts a binary, and waits until `url` says where it is. */
async function run(
  name: string,
  args: string[],
  variables: Record<string, string>,
  url: (said: string) => Promise<string | undefined>,
): Promise<Running> {
  const binary = resolve(BINARIES, name);
  if (!existsSync(binary)) throw new Error(`${binary} is not built; MILLRACE_BIN names the folder of the binaries`);
  const child = spawn(binary, args, { env: { ...process.env, ...variables } });
  process.on('exit', () => child.kill('SIGKILL'));
  let [said, complained] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (complained += piece.toString()));
  const found = await until(async () => {
    if (ended(child)) throw new Error(`${name} has ended: ${complained}`);
    return url(said);
  });
  return { url: found, end: () => end(child) };
}

export const folder = (): string => mkdtempSync(join(tmpdir(), 'millrace-page-'));

/** ClickHouse without an API. It takes its data up again at the same address. */
export const startEngine = (data: string, address = '127.0.0.1:0'): Promise<Running> =>
  run('millrace-engine', [data, address], {}, async (said) => /http:\S+/.exec(said)?.[0]);

export interface Own {
  api: string;
  /** Where its page is, without a slash at the end. */
  page: string;
  end: () => Promise<void>;
}

/** A `millrace` with these variables, on a folder that goes with it. */
export async function startMillrace(variables: Record<string, string>): Promise<Own> {
  const data = folder();
  const settings = { API_PORT: '0', MILLRACE_ENGINE_PORT: '0', MILLRACE_DATA: data, EVENT_NAMES: '*', ...variables };
  const endpoints = join(data, 'endpoints.json');
  const { url, end } = await run('millrace', [], settings, async () => {
    if (!existsSync(endpoints)) return undefined;
    const { api } = JSON.parse(readFileSync(endpoints, 'utf8')) as { api: string };
    const ready = await fetch(`${api}/ready`).then(({ ok }) => ok, () => false); // prettier-ignore
    return ready ? api : undefined;
  });
  const page = await pageOf(url);
  return {
    api: url,
    page: page.origin,
    end: async () => {
      page.close();
      await end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
