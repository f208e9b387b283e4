// Debian's Chromium, a page that fails the test for whatever it complains of, and what is looked at on every page.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.PHONEBOX_SHOTS ?? new URL('../../target/screenshots', import.meta.url).pathname;
const WIDTHS = { 1440: 900, 390: 844 };

// The box's own CA is unknown here. A download on a new connection asks the browser, not the context.
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'],
  });

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
  page.setDefaultTimeout(Number(process.env.PHONEBOX_PATIENCE ?? 45_000));
  page.complaints = [];
  page.on('console', (message) => {
    // What a test provokes on purpose (a 4xx) is told by the browser as well.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/** Nothing is being loaded any more, wherever on the page, in English or German. */
export const loaded = (page) =>
  page.waitForFunction(() => !document.querySelector('[aria-label="Loading"], [aria-label="Wird geladen"]'));

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

export const PASSWORD = 'Tr0ub4dor&3';

/** Asks the API as whoever is logged in on this page. */
export async function api(page, method, path, body) {
  const answer = await page.evaluate(
    async ({ method, path, body }) => {
      const session = method === 'GET' ? undefined : await (await fetch('/api/v1/session')).json();
      const headers = { 'Content-Type': 'application/json', ...(session?.csrf && { 'X-CSRF-Token': session.csrf }) };
      const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    },
    { method, path, body },
  );
  return answer;
}

/** The same for what must work. */
export async function make(page, method, path, body) {
  const answer = await api(page, method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A page on which the box was just set up by Alice of Example Telephones. */
export async function setUp(browser, box, more) {
  const page = await fresh(browser, box, more);
  await page.goto('/');
  const body = {
    code: box.code,
    account: { name: 'Example Telephones' },
    user: { login: 'alice', name: 'Alice Example', email: 'alice@example.com', password: PASSWORD },
  };
  await make(page, 'POST', '/setup', body);
  await page.goto('/');
  return page;
}

/** A page on which somebody logs in; a temporary password becomes PASSWORD. */
export async function logIn(browser, box, login, password = PASSWORD) {
  const page = await fresh(browser, box);
  await page.goto('/');
  const session = await make(page, 'POST', '/session', { login, password });
  if (session.due === 'password') await make(page, 'PUT', '/me/password', { old: password, new: PASSWORD });
  await page.goto('/');
  return page;
}
