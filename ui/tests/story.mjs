// A story: steps in the order in which people take them.
import { test } from 'node:test';

/**
 * One step of the story in this browser; after one that failed, the others would only wait for what never comes.
 * What the pages showed then is told.
 */
export function story(browser) {
  let broken = false;
  return (name, run) =>
    test(name, async (t) => {
      if (broken) return t.skip('a step before this has failed');
      broken = true;
      try {
        await run();
      } catch (error) {
        for (const page of browser()?.contexts().flatMap((context) => context.pages()) ?? []) {
          const shown = await page.locator('body').innerText({ timeout: 1_000 }).catch(String);
          error.message += `\n--- ${page.url()}\n${shown.slice(0, 2_000)}`;
        }
        throw error;
      }
      broken = false;
    });
}
