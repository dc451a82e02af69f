// A browser keeps six connections to a server: what many tabs follow must not take them all.
import { expect, test } from 'vitest';
import { settled, visit } from './browser';
import { ownTenant, send } from './data';
import type { Page, Request } from 'playwright-core';

const WATCHING = 'Accepted just now, whatever the range';
const event = (event_name: string) => ({ event_name, conversation_id: 'tabs', timestamp: new Date().toISOString() });

test('beside eight tabs that watch and one more the next one loads, and one stream is open', async () => {
  const tenant = ownTenant('tabs');
  await send(tenant, [event('before')]);
  const live = `/ui/explorer?tenant=${tenant}&live=on`;
  await visit(live, {}, async ({ page }) => {
    const context = page.context();
    const home = new URL(page.url()).origin;
    const open = new Set<Request>();
    const isTail = (request: Request) => new URL(request.url()).pathname === '/tail';
    context.on('request', (request) => isTail(request) && open.add(request));
    context.on('requestfailed', (request) => open.delete(request));
    context.on('requestfinished', (request) => open.delete(request));
    const tab = async (path: string): Promise<Page> => {
      const opened = await context.newPage();
      await opened.goto(home + path);
      return opened;
    };
    await page.reload();
    const tabs = [page];
    while (tabs.length < 8) tabs.push(await tab(live));
    await tab(`/ui/?tenant=${tenant}`);
    await settled(await tab(`/ui/errors?tenant=${tenant}`));

    // All are seen, as windows beside each other are.
    const watchers = async (): Promise<Page[]> => {
      const watch = await Promise.all(tabs.map((one) => one.getByText(WATCHING).isVisible()));
      return tabs.filter((_, at) => watch[at]);
    };
    await expect.poll(async () => (await watchers()).length).toBe(1);
    await expect.poll(() => open.size).toBe(1);

    const [watcher] = await watchers();
    await watcher?.close();
    tabs.splice(tabs.indexOf(watcher as Page), 1);
    await expect.poll(async () => (await watchers()).length, { message: 'another takes over' }).toBe(1);
    const [next] = await watchers();
    await send(tenant, [event('after')]);
    await next?.getByRole('cell', { name: 'after' }).first().waitFor();
  });
});
