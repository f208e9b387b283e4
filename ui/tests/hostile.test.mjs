// T58: whatever people, phones and certificates are called stays text on every page. A script that ran would set a word
// or open a dialog; markup that was taken for such would be refused by the policy, and the browser would say so.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agent, boot, startBox, until } from './box.mjs';
import { fresh, launch, loaded } from './browser.mjs';

const DESK = '805ec0aabb01';
const NEW = '805ec0aabb02';
const PASSWORD = 'Tr0ub4dor&3';
// Names of sites, profiles and groups stand in addresses: they have no slash.
const IMAGE = '<img src=x onerror=window.r=1>';
const HOSTILE = `"'><script>window.r=1</script>${IMAGE}`;
const LINK = 'javascript:window.r=1';
let box, browser, page;

before(async () => {
  [box, browser] = await Promise.all([startBox(), launch()]);
  page = await fresh(browser, box);
  page.on('dialog', (dialog) => {
    page.complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
});

after(async () => {
  await browser?.close();
  await box?.stop();
});

/** A change as the page makes it. */
async function change(method, path, body, kind = 'application/json') {
  const told = await page.evaluate(
    async ([method, path, body, kind]) => {
      const { csrf } = await (await fetch('/api/v1/session')).json();
      const headers = { 'X-CSRF-Token': csrf, ...(body === undefined ? {} : { 'Content-Type': kind }) };
      const answer = await fetch(`/api/v1${path}`, { method, headers, body });
      return [answer.status, await answer.text()];
    },
    [method, path, kind === 'application/json' && body !== undefined ? JSON.stringify(body) : body, kind],
  );
  assert.ok(told[0] < 300, `${method} ${path}: ${told}`);
  return told[1] && JSON.parse(told[1]);
}

/** Nothing ran, and nothing was taken for a script. */
async function clean(where) {
  await loaded(page);
  assert.equal(await page.evaluate(() => window.r), undefined, where);
  assert.equal(await page.locator('img[src="x"], a[href^="javascript:"]').count(), 0, where);
  assert.deepEqual(page.complaints, [], where);
}

test('threat_058 what is shown anywhere is text', async () => {
  await page.goto('/');
  await page.getByLabel('Setup code').fill(box.code);
  await page.getByLabel('Your company').fill(IMAGE);
  await page.getByLabel(/^Name( \*)?$/).fill('Alice Example');
  await page.getByLabel(/^E-mail address( \*)?$/).fill('alice@example.com');
  await page.getByLabel('Login name').fill('alice');
  await page.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
  await page.getByLabel('Once more').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up and log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

  const name = IMAGE;
  await change('POST', '/groups', { name });
  await change('POST', '/profiles', { name });
  await change('POST', '/sites', { name, profile: name });
  const lines = [{ number: 1, user: 'u1', display_name: HOSTILE, settings: { 'line.label': HOSTILE } }];
  await change('POST', '/devices', {
    mac: DESK, vendor: 'Yealink', model: 'T54W', name: HOSTILE, serial: IMAGE, site: name, profile: name, group: name,
    settings: { 'key.1.type': 'blf', 'key.1.value': '201', 'key.1.label': HOSTILE }, lines, activate: true,
  });
  await change('PUT', '/raw-texts/yealink?layer=global', { text: `screen.text = ${HOSTILE}\n` });
  await change('POST', '/roles', { name, permissions: ['site.read'] });
  await change('POST', '/role-groups', { name });
  await change('POST', '/users', { login: 'bob', name: IMAGE, email: 'bob@example.com', phone: IMAGE });
  await change('POST', '/api-keys', { name, permissions: ['site.read'] });
  await change('POST', '/accounts', { kind: 'reseller', name: IMAGE, contact: HOSTILE });
  await change('PUT', `/files/${encodeURIComponent("'onerror=window.r=1.txt")}`, 'text', 'application/octet-stream');
  // A link that is none is refused, not stored.
  for (const [method, path, body] of [
    ['POST', '/webhooks', { url: LINK }],
    ['POST', `/profiles/${encodeURIComponent(name)}/targets`, { url: LINK }],
  ]) {
    await assert.rejects(change(method, path, body), /: 4\d\d,/);
  }
  // A certificate's subject.
  const dir = mkdtempSync(join(tmpdir(), 'phonebox-hostile-'));
  const subject = `/O=${IMAGE}/CN=${IMAGE}`;
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(dir, 'key'), '-out', join(dir, 'ca.pem'), '-days', '30'];
  execFileSync('openssl', [...words, '-subj', subject, '-addext', 'basicConstraints=critical,CA:TRUE'], { stdio: 'ignore' });
  const pem = readFileSync(join(dir, 'ca.pem'), 'utf8');
  await change('PUT', '/ca/device-cas/hostile', { certificate: pem });
  // Phones that nobody knows, and one that is known.
  box.cli('network', 'add', '127.0.0.0/8', '--unknown', 'queue');
  await box.ask(`${NEW}.cfg`, `Yealink SIP-T54W${IMAGE} 96.86.0.100 ${NEW}`);
  await box.ask(`${NEW}.cfg`, `${IMAGE} ${NEW}`);
  await box.ask(`${encodeURIComponent(IMAGE)}.cfg`, `${agent(NEW)}${IMAGE}`);
  await boot(box, DESK);

  await page.reload();
  const nav = page.getByRole('navigation').getByRole('link');
  await nav.first().waitFor();
  const places = await nav.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  assert.ok(places.length > 8, `${places}`);
  for (const place of [...places, '/me', `/devices/${NEW}`, `/devices?search=${encodeURIComponent(IMAGE)}`, `/${encodeURIComponent('<img src=x onerror=alert(1)>')}`]) {
    await page.goto(place);
    await until(`the heading of ${place}`, () => page.getByRole('heading', { level: 1 }).isVisible());
    await clean(place);
  }
  await page.goto('/devices');
  await page.getByText(HOSTILE).first().waitFor();
  await page.goto('/log');
  await page.getByText('onerror').first().waitFor();
  await clean('log');
  await page.goto(`/devices/${DESK}`);
  for (const tab of ['Timeline', 'Values', 'Files', 'Facts']) {
    await page.getByRole('tab', { name: tab }).click();
    await clean(tab);
  }
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.getByRole('combobox', { name: 'File' }).selectOption(`${DESK}.cfg`);
  await page.getByText('screen.text').waitFor();
  await clean('preview');
  // What opens over a page.
  const named = page.getByRole('dialog').or(page.locator('form')).locator('input');
  const heading = page.getByRole('heading', { level: 1 }).filter({ hasText: IMAGE });
  // Only what has opened has the name in a field or as its heading. A key's name opens nothing.
  const isOpen = async () => (await heading.isVisible()) || (await named.evaluateAll((fields) => fields.map((field) => field.value))).includes(IMAGE);
  for (const place of ['/users', '/accounts', '/roles', '/keys']) {
    await page.goto(place);
    const seen = page.getByText(IMAGE).filter({ visible: true }).first();
    await seen.waitFor();
    await seen.click();
    if (place !== '/keys') await until(`${place} opened`, isOpen);
    await clean(`${place}, opened`);
  }
});
