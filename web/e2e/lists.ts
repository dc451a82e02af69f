// Lists of rows, of which only those in sight are drawn.
import { settled } from './browser';
import type { Page } from 'playwright-core';

/** How many rows the list of this title has, when its last page is there. */
export async function listed(page: Page, title: string | RegExp): Promise<number> {
  await page.getByRole('heading', { name: title }).waitFor();
  await settled(page);
  const table = page.getByRole('table', { name: title });
  for (;;) {
    const rows = Number(await table.getAttribute('aria-rowcount'));
    // The head is one of them.
    if (rows > 0) return rows - 1;
    await table.evaluate((it) => it.parentElement?.scrollTo(0, it.scrollHeight));
    await settled(page);
  }
}
