// Debian's Chromium, a page that fails the test for whatever it complains of, and what is looked at on every page.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.PHONEBOX_SHOTS ?? new URL('../../target/screenshots', import.meta.url).pathname;
const WIDTHS = { 1440: 900, 390: 844 };

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });

/** A page of a browser that nobody has used before. */
export async function fresh(browser, box, more = {}) {
  const context = await browser.newContext({
    baseURL: box.url,
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  page.complaints = [];
  page.on('console', (message) => {
    // What a test provokes on purpose (a 4xx) is told by the browser as well.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/** axe finds nothing serious, nothing sticks out, both widths and both schemes are kept as pictures. */
export async function inspect(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, scheme);
      await page.screenshot({ path: `${SHOTS}/${name}-${scheme}-${width}.png` });
      const out = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(out <= 0, `${name} at ${width}: ${out} px stick out`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.evaluate(`window.axe || (() => { ${AXE} })()`);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const serious = found.violations.filter((one) => ['serious', 'critical'].includes(one.impact));
    const told = serious.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
    assert.deepEqual(told, [], `${name}, ${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(page.complaints, [], `the browser complains on ${name}`);
}
