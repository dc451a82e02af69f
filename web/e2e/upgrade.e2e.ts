// The server is replaced by a newer one while the page is open: the files of the open page are gone.
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API } from './api';
import { settled, visit } from './browser';
import { folder } from './own';
import { serve, type Served } from './page';

/** The same build with other hashes in the names of its files. */
function rebuilt(): string {
  const next = folder();
  cpSync('dist', next, { recursive: true, filter: (path) => !/\.(br|gz)$/.test(path) });
  const assets = join(next, 'assets');
  const names = readdirSync(assets).map((name) => {
    const [, stem, hash, end] = /^(.*-)([\w-]{8})(\.\w+)$/.exec(name) ?? [];
    if (!hash) throw new Error(`${name} has no hash`);
    return { name, other: stem + [...hash].reverse().join('') + end };
  });
  for (const { name, other } of names) renameSync(join(assets, name), join(assets, other));
  const texts = names.map(({ other }) => join(assets, other)).concat(join(next, 'index.html'));
  for (const path of texts.filter((one) => ['.js', '.css', '.html'].includes(extname(one)))) {
    let text = readFileSync(path, 'utf8');
    for (const { name, other } of names) text = text.replaceAll(name, other);
    writeFileSync(path, text);
  }
  return next;
}

let build = 'dist';
let next: string;
let served: Served;
beforeAll(async () => {
  next = rebuilt();
  served = await serve(API, () => build);
});
afterAll(() => {
  served.close();
  rmSync(next, { recursive: true, force: true });
});

test('what is loaded late says that a new version is here, and Reload brings it at the same address', async () => {
  await visit('/ui/?range=30d', { baseURL: served.origin }, async ({ page, faults }) => {
    await settled(page);
    const script = () => page.evaluate(() => document.querySelector<HTMLScriptElement>('script[type=module]')?.src);
    const before = await script();
    build = next;
    await page.getByRole('link', { name: 'Errors', exact: true }).click();
    await page.getByText('A new version of this page is here').waitFor();
    const address = page.url();
    expect(address).toBe(`${served.origin}/ui/errors?range=30d`);

    // What is loaded already works on.
    await page.goBack();
    await settled(page);
    await page.locator('figure canvas').first().waitFor();
    await page.goForward();

    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { name: 'Errors', level: 1 }).waitFor();
    await settled(page);
    expect(page.url()).toBe(address);
    expect(await script()).not.toBe(before);
    expect(await page.getByText('new version').count()).toBe(0);
    expect(faults.splice(0).filter((fault) => !/status of 404/.test(fault))).toEqual([]);
  });
});

test('what can’t be loaded since the server is away is no new version', async () => {
  await visit('/ui/', { baseURL: served.origin }, async ({ page, faults }) => {
    await settled(page);
    await page.route('**', (route) => route.abort());
    const looked = page.waitForEvent('requestfailed', (request) => request.method() === 'HEAD');
    await page.getByRole('link', { name: 'Errors', exact: true }).click();
    await looked;
    await page.getByText('or the server is away').waitFor();
    expect(await page.getByText('new version of this page').count()).toBe(0);
    await page.unroute('**');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { name: 'Errors', level: 1 }).waitFor();
    await settled(page);
    expect(faults.splice(0).filter((fault) => !/ERR_FAILED/.test(fault))).toEqual([]);
  });
});
