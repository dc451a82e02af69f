// What is shown at any moment, also for one frame.
import type { Page } from 'playwright-core';

declare global {
  interface Window {
    shownTogether: string[];
  }
}

/** Looks at each frame from now on, until the page is loaded anew, for texts that must never be there together. */
export const watchFor = (page: Page, texts: string[]): Promise<void> =>
  page.evaluate((forbidden) => {
    window.shownTogether = [];
    const look = () => {
      // What is there is shown, or could be read.
      const html = document.documentElement.outerHTML + location.href;
      if (forbidden.every((text) => html.includes(text))) window.shownTogether.push(location.href);
      requestAnimationFrame(look);
    };
    look();
  }, texts);

/** The addresses at which they were. */
export const shownTogether = (page: Page): Promise<string[]> => page.evaluate(() => [...new Set(window.shownTogether)]);

/** How much the browser keeps for the page besides cookies. */
export const kept = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const others = [await indexedDB.databases(), await caches.keys()];
    return localStorage.length + sessionStorage.length + others.flat().length;
  });
