// Companies on the page: asking for an account, deciding it, linking, letting in, working inside, handing down, removing.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { startBox, until } from './box.mjs';
import { fresh, inspect, launch } from './browser.mjs';
import { story } from './story.mjs';

const PASSWORD = 'Tr0ub4dor&3';
const DESK = '805ec0aabb01';
let box, browser, mails, alice, carl, rita;

const step = story(() => browser);

/** As much of a mail server (RFC 5321) as one mail at a time needs. */
function startMails() {
  const got = [];
  const server = createServer((socket) => {
    let text = '';
    let isData = false;
    socket.setEncoding('utf8');
    socket.write('220 sink\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk;
      for (;;) {
        if (isData) {
          const end = text.indexOf('\r\n.\r\n');
          if (end < 0) return;
          // RFC 2045, 6.7: a long line ends with = where it goes on.
          got.push(text.slice(0, end).replaceAll('=\r\n', '').replaceAll('=3D', '='));
          text = text.slice(end + 5);
          isData = false;
          socket.write('250 OK\r\n');
          continue;
        }
        const end = text.indexOf('\r\n');
        if (end < 0) return;
        const word = text.slice(0, 4).toUpperCase();
        text = text.slice(end + 2);
        isData = word === 'DATA';
        socket.write(isData ? '354 go on\r\n' : word === 'QUIT' ? '221 bye\r\n' : '250 OK\r\n');
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => { resolve({ got, port: server.address().port, stop: () => server.close() }); });
  });
}

const place = (page, name) => page.getByRole('navigation').getByRole('link', { name });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });
const dialog = (page) => page.getByRole('dialog');
const field = (at, name) => at.getByLabel(new RegExp(`^${name}( \\*)?$`));

/** One's own company, from its first tab on: another one may be open there already, and would be again. */
async function company(page) {
  await place(page, 'Company').click();
  await page.getByRole('tab', { name: 'Details', selected: true }).waitFor();
}

async function confirm(page, name) {
  await page.getByRole('button', { name, exact: true }).first().click();
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
}

async function logIn(page, login, path = '/') {
  await page.goto(path);
  await page.getByLabel('Login name').fill(login);
  await field(page, 'Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation').waitFor();
}

/** Whoever has this link chooses a password and logs in. */
async function activate(href, login) {
  const page = await fresh(browser, box);
  await page.goto(href);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('Once more').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Your password is set').waitFor();
  await logIn(page, login);
  return page;
}

before(async () => {
  [box, browser, mails] = await Promise.all([startBox(), launch(), startMails()]);
  box.cliWith(PASSWORD, 'setup', '--company', 'Example Telephones', '--login', 'alice', '--email', 'alice@example.com', '--name', 'Alice', '--password', '@-');
  alice = await fresh(browser, box);
  await logIn(alice, 'alice');
});

after(async () => {
  await browser?.close();
  await box?.stop();
  mails?.stop();
});

step('a box of one company shows nothing of others', async () => {
  await place(alice, 'Company').click();
  await alice.getByRole('tab', { name: 'Details' }).waitFor();
  const names = await alice.getByRole('navigation').getByRole('link').allInnerTexts();
  assert.ok(!names.includes('Accounts') && !names.includes('Requests'), names.join());
  assert.deepEqual(await alice.getByRole('tab').allInnerTexts(), ['Details', 'Firmware', 'Login certificates']);
  assert.doesNotMatch(await alice.locator('body').innerText(), /reseller|link id/i);
  await inspect(alice, 'accounts-company-alone');
  const stranger = await fresh(browser, box);
  await stranger.goto('/');
  await heading(stranger, 'Log in').waitFor();
  await stranger.waitForLoadState('networkidle');
  assert.equal(await stranger.getByRole('link', { name: 'Sign up' }).count(), 0);
  await stranger.goto('/sign-up');
  await stranger.getByText('This box takes no requests').waitFor();
  await inspect(stranger, 'accounts-sign-up-closed');
  await stranger.context().close();
});

// AVA-027 to AVA-033, ALE-005, ALE-006.
step('AVA-027 AVA-028 AVA-030 AVA-033 ALE-006 a stranger asks for an account, in their own language', async () => {
  await alice.getByRole('link', { name: 'Let companies ask for an account' }).click();
  await heading(alice, 'Requests').waitFor();
  await alice.getByText('Nobody can ask while the door is shut').waitFor();
  await inspect(alice, 'accounts-requests-empty');
  await alice.getByRole('switch', { name: 'Strangers may ask for an account' }).click();
  await alice.getByText('They do it here:').waitFor();
  await place(alice, 'Requests').waitFor();
  const nora = await fresh(browser, box);
  await nora.goto('/');
  await nora.getByRole('link', { name: 'Sign up' }).click();
  await heading(nora, 'Ask for an account').waitFor();
  await nora.getByRole('button', { name: 'Language' }).click();
  await nora.getByRole('menuitem', { name: 'Deutsch' }).click();
  await heading(nora, 'Um ein Konto bitten').waitFor();
  await inspect(nora, 'accounts-sign-up-german');
  await nora.getByRole('button', { name: 'Sprache' }).click();
  await nora.getByRole('menuitem', { name: 'English' }).click();
  await field(nora, 'Customer number elsewhere').fill('4711');
  await nora.getByLabel('Relationship').selectOption('reseller');
  await field(nora, 'Link id').fill('BP-7');
  await field(nora, 'Company').fill('Harbour Resale');
  await field(nora, 'First name').fill('Rita');
  await field(nora, 'Last name').fill('Resale');
  await field(nora, 'Business e-mail address').fill('rita@harbour.example');
  await field(nora, 'Business telephone').fill('+49 30 7');
  await field(nora, 'Company address').fill('Quay 7');
  await inspect(nora, 'accounts-sign-up');
  // AVA-033: not without the terms.
  await nora.getByRole('button', { name: 'Request access' }).click();
  assert.equal(await nora.getByLabel('I accept the terms').evaluate((box) => box.validity.valueMissing), true);
  await nora.getByLabel('I accept the terms').check();
  await nora.getByRole('button', { name: 'Request access' }).click();
  await nora.getByText('Your request is on its way').waitFor();
  await inspect(nora, 'accounts-sign-up-sent');
  await nora.context().close();
});

step('AVA-034 a request is approved, another one declined with a reason', async () => {
  const other = await fresh(browser, box);
  await other.goto('/sign-up');
  await field(other, 'Company').fill('Nobody Ltd');
  await field(other, 'First name').fill('Nemo');
  await field(other, 'Last name').fill('Nobody');
  await field(other, 'Business e-mail address').fill('nemo@nobody.example');
  await other.getByLabel('I accept the terms').check();
  await other.getByRole('button', { name: 'Request access' }).click();
  await other.getByText('Your request is on its way').waitFor();
  await other.context().close();
  await alice.goto('/requests');
  const row = (name) => alice.getByRole('listitem').filter({ hasText: name });
  await row('Harbour Resale').getByText('rita@harbour.example').waitFor();
  await inspect(alice, 'accounts-requests');
  await row('Nobody Ltd').getByRole('button', { name: 'Decline' }).click();
  await dialog(alice).getByLabel('Reason').fill('We do not know you');
  await inspect(alice, 'accounts-request-decline');
  await dialog(alice).getByRole('button', { name: 'Decline' }).click();
  await row('Nobody Ltd').waitFor({ state: 'detached' });
  await row('Harbour Resale').getByRole('button', { name: 'Approve' }).click();
  await dialog(alice).getByText('rita@harbour.example').waitFor();
  await dialog(alice).getByRole('button', { name: 'Approve' }).click();
  await dialog(alice).getByText('It works once').waitFor();
  const href = await dialog(alice).getByText('#code=').textContent();
  await dialog(alice).getByRole('button', { name: 'Close' }).last().click();
  await alice.getByText('Declined', { exact: true }).click();
  await row('Nobody Ltd').getByText('We do not know you').waitFor();
  // AVA-031: the address is the login name.
  rita = await activate(href, 'rita@harbour.example');
});

step('AVA-130 AVA-134 AVA-151 the form asks what fits the kind, and makes the first administrator', async () => {
  await place(alice, 'Accounts').click();
  await alice.getByRole('button', { name: 'Add account' }).click();
  const form = dialog(alice);
  await form.getByLabel('Kind').selectOption('customer');
  await field(form, 'Customer number elsewhere').waitFor();
  assert.equal(await field(form, 'Link id').count(), 0);
  await form.getByLabel('Kind').selectOption('reseller');
  await field(form, 'Link id').waitFor();
  assert.equal(await field(form, 'Customer number elsewhere').count(), 0);
  await inspect(alice, 'account-form-reseller');
  await form.getByLabel('Kind').selectOption('customer');
  await field(form, 'Name').fill('Corner Shop');
  await field(form, 'Customer number elsewhere').fill('12x');
  await field(form, 'Their name').fill('Carl Corner');
  await field(form, 'Their e-mail address').fill('carl@corner.example');
  await form.getByRole('button', { name: 'Save' }).click();
  // The server's words and the request's id.
  await form.getByRole('alert').getByText('it must be a number').waitFor();
  await form.getByRole('alert').getByText(/^Request [0-9a-f]{12}$/).waitFor();
  await field(form, 'Customer number elsewhere').fill('0042');
  await inspect(alice, 'account-form-customer');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('It works once').waitFor();
  const href = await form.getByText('#code=').textContent();
  await form.getByRole('button', { name: 'Close' }).last().click();
  await alice.getByRole('link', { name: 'Corner Shop' }).waitFor();
  carl = await activate(href, 'carl@corner.example');
});

step('AVA-158 the hierarchy opens, is clicked through to an account, and closes', async () => {
  await alice.getByText('Hierarchy', { exact: true }).click();
  const tree = alice.locator('.tree');
  await tree.getByRole('link', { name: 'Corner Shop' }).waitFor();
  await tree.getByRole('link', { name: 'Harbour Resale' }).waitFor();
  await inspect(alice, 'accounts-tree');
  await tree.getByRole('button', { name: 'Expand Customers, Example Telephones' }).click();
  await tree.getByRole('link', { name: 'Corner Shop' }).waitFor({ state: 'detached' });
  await tree.getByRole('button', { name: 'Expand Customers, Example Telephones' }).click();
  await tree.getByRole('link', { name: 'Corner Shop' }).click();
  await heading(alice, 'Corner Shop').waitFor();
  await alice.getByRole('link', { name: 'All accounts' }).click();
  await alice.getByText('Hierarchy', { exact: true }).click();
  await alice.getByText('List', { exact: true }).click();
  await alice.getByRole('searchbox').fill('corner');
  await alice.getByRole('link', { name: 'Harbour Resale' }).waitFor({ state: 'detached' });
  await alice.getByRole('searchbox').fill('nothing of it');
  await alice.getByText('No account matches').waitFor();
  await inspect(alice, 'accounts-none');
});

step('AVA-135 AVA-136 AVA-137 AVA-143 AVA-144 sites of a customer get profiles, one by one and together', async () => {
  await alice.goto('/accounts');
  await alice.getByRole('link', { name: 'Harbour Resale' }).click();
  await heading(alice, 'Harbour Resale').waitFor();
  assert.equal(await alice.getByRole('tab', { name: 'Sites' }).count(), 0, 'AVA-144');
  await inspect(alice, 'account-details');
  await alice.goto('/accounts');
  await alice.getByRole('link', { name: 'Corner Shop' }).click();
  await alice.getByRole('tab', { name: 'Sites' }).click();
  await alice.getByText('No site yet').waitFor();
  await inspect(alice, 'account-sites-empty');
  await alice.getByRole('button', { name: 'Add site' }).click();
  await field(dialog(alice), 'Location name').fill('Berlin');
  await dialog(alice).getByLabel('Profile').selectOption({ label: 'Add a profile …' });
  await field(dialog(alice), 'Name of the new profile').fill('Desks');
  await field(dialog(alice), 'PID').fill('42');
  await dialog(alice).getByRole('button', { name: 'Save' }).click();
  await dialog(alice).getByRole('alert').getByText('four digits').waitFor();
  await field(dialog(alice), 'PID').fill('0042');
  // AVA-139: not before it is there.
  assert.ok(await dialog(alice).getByRole('button', { name: 'Firmware settings' }).isDisabled());
  await inspect(alice, 'account-site-add');
  await dialog(alice).getByRole('button', { name: 'Save' }).click();
  const row = (name) => alice.getByRole('row').filter({ hasText: name });
  await row('Berlin').getByRole('cell', { name: '0042', exact: true }).waitFor();
  await alice.getByRole('button', { name: 'Add site' }).click();
  await field(dialog(alice), 'Location name').fill('Munich');
  await dialog(alice).getByRole('button', { name: 'Save' }).click();
  await row('Munich').waitFor();
  for (const name of ['Berlin', 'Munich']) await alice.getByLabel(`Choose ${name}`).check();
  await alice.getByRole('button', { name: 'Profile for 2 sites' }).click();
  await dialog(alice).getByLabel('Profile').selectOption('');
  await inspect(alice, 'account-sites-several');
  await dialog(alice).getByRole('button', { name: 'Save' }).click();
  await row('Berlin').getByRole('cell', { name: 'No profile', exact: true }).waitFor();
  await row('Munich').getByRole('cell', { name: 'No profile', exact: true }).waitFor();
  await inspect(alice, 'account-sites');
  // The customer sees the same in its own page.
  await place(carl, 'Company').click();
  await carl.getByRole('tab', { name: 'Sites' }).click();
  await carl.getByRole('button', { name: 'Munich' }).click();
  await dialog(carl).getByRole('button', { name: 'Remove site' }).click();
  await until('it is asked', async () => (await carl.getByRole('dialog').count()) === 2);
  await carl.getByRole('dialog').last().getByRole('button', { name: 'Remove site' }).click();
  await carl.getByRole('button', { name: 'Munich' }).waitFor({ state: 'detached' });
});

step('AVA-168 a service is asked for, declined with a reason, asked for again and granted', async () => {
  await company(carl);
  await carl.getByRole('tab', { name: 'Services' }).click();
  await inspect(carl, 'account-services-own');
  await confirm(carl, 'Request access');
  await carl.getByText('Requested', { exact: true }).waitFor();
  await alice.goto('/accounts');
  await alice.getByRole('row').filter({ hasText: 'Corner Shop' }).getByText('Asks for a service').waitFor();
  await alice.getByRole('link', { name: 'Corner Shop' }).click();
  await alice.getByRole('tab', { name: 'Services' }).click();
  await alice.getByRole('button', { name: 'Decline' }).click();
  await dialog(alice).getByLabel('Reason').fill('Next month');
  await inspect(alice, 'account-service-decline');
  await dialog(alice).getByRole('button', { name: 'Decline' }).click();
  await alice.getByText('Off', { exact: true }).waitFor();
  await carl.reload();
  await confirm(carl, 'Request access');
  await alice.reload();
  await confirm(alice, 'Grant');
  await alice.getByText('Granted', { exact: true }).waitFor();
  await inspect(alice, 'account-services');
});

step('AVA-139 AVA-140 AVA-142 AVA-164 firmware is chosen for every model of a type, for one, and for a site', async () => {
  const dir = mkdtempSync(`${tmpdir()}/phonebox-firmware-`);
  for (const name of ['T54W-96.86.0.180.rom', 'T54W-96.86.0.200.rom']) {
    writeFileSync(`${dir}/${name}`, name);
    box.cli('file', 'add', `${dir}/${name}`, '--kind', 'firmware', '--vendor', 'yealink', '--model', 'T54W');
  }
  await alice.getByRole('tab', { name: 'Firmware' }).click();
  const of = (page, model) => page.getByLabel(`Firmware version of Yealink, ${model}`, { exact: true });
  const says = (select, value) => until(value, async () => (await select.inputValue()) === value);
  await says(of(alice, 'All'), 'latest');
  await of(alice, 'T54W').getByRole('option', { name: 'Latest (96.86.0.200)' }).waitFor({ state: 'attached' });
  await alice.getByText('is kept and does nothing').waitFor();
  await alice.getByRole('switch', { name: 'Keep the account’s devices' }).click();
  await alice.getByLabel('Keep the account’s devices').and(alice.locator(':checked')).waitFor();
  await alice.getByText('is kept and does nothing').waitFor({ state: 'detached' });
  await of(alice, 'T54W').selectOption('96.86.0.180');
  await says(of(alice, 'T54W'), 'release 96.86.0.180');
  await says(of(alice, 'All'), 'latest');
  await inspect(alice, 'account-firmware');
  await of(alice, 'All').selectOption('Off');
  await says(of(alice, 'T54W'), 'off');
  // The account's own people choose too, but do not switch.
  await company(carl);
  await carl.getByRole('tab', { name: 'Firmware' }).click();
  await says(of(carl, 'T54W'), 'off');
  assert.ok(await carl.getByRole('switch', { name: 'Keep the account’s devices' }).isDisabled());
  await carl.getByRole('tab', { name: 'Sites' }).click();
  await carl.getByRole('button', { name: 'Berlin' }).click();
  await dialog(carl).getByRole('button', { name: 'Firmware settings' }).click();
  await says(of(dialog(carl), 'T54W'), 'account');
  await of(dialog(carl), 'T54W').selectOption('96.86.0.200');
  await says(of(dialog(carl), 'T54W'), 'release 96.86.0.200');
  await says(of(dialog(carl), 'All'), 'account');
  await inspect(carl, 'account-site-firmware');
  await dialog(carl).getByRole('button', { name: 'Cancel' }).click();
  await dialog(carl).waitFor({ state: 'detached' });
});

step('AVA-138 AVA-143 a settings archive is sent on the site, refused in the box’s words, shown and removed', async () => {
  const dir = mkdtempSync(`${tmpdir()}/phonebox-archive-`);
  writeFileSync(`${dir}/46xxsettings.txt`, 'SET SIPDOMAIN "avaya.com"\nSET TRUSTCERTS "nobody.pem"\n');
  writeFileSync(`${dir}/logo.png`, 'a picture');
  writeFileSync(`${dir}/ring.wav`, 'a sound');
  writeFileSync(`${dir}/phone.exe`, 'MZ');
  const packed = (name, ...files) => {
    execFileSync('python3', ['-m', 'zipfile', '-c', `${dir}/${name}`, ...files.map((file) => `${dir}/${file}`)]);
    return `${dir}/${name}`;
  };
  await carl.getByRole('button', { name: 'Berlin' }).click();
  await dialog(carl).getByRole('button', { name: 'Settings archive' }).click();
  await dialog(carl).getByText('the site has no profile').waitFor();
  await dialog(carl).getByRole('button', { name: 'Cancel' }).click();
  await carl.getByLabel('Choose Berlin').check();
  await carl.getByRole('button', { name: 'Profile for 1 site' }).click();
  await dialog(carl).getByLabel('Profile').selectOption('Desks');
  await dialog(carl).locator('input[type=file]').setInputFiles(packed('several.zip', 'ring.wav'));
  await dialog(carl).getByRole('button', { name: 'Save' }).click();
  await dialog(carl).waitFor({ state: 'detached' });
  await carl.getByRole('button', { name: 'Berlin' }).click();
  await dialog(carl).getByRole('button', { name: 'Settings archive' }).click();
  await dialog(carl).getByRole('cell', { name: 'ring.wav' }).waitFor();
  const send = (file) => dialog(carl).getByLabel('Send a ZIP').first().setInputFiles(file);
  await send(packed('bad.zip', 'phone.exe'));
  await dialog(carl).getByText('"phone.exe" may not be in it').waitFor();
  await send(packed('good.zip', '46xxsettings.txt', 'logo.png'));
  await dialog(carl).getByRole('cell', { name: 'logo.png' }).waitFor();
  assert.equal(await dialog(carl).getByRole('cell', { name: 'ring.wav' }).count(), 0);
  await dialog(carl).getByRole('cell', { name: '46xxsettings.txt' }).waitFor();
  await dialog(carl).getByText('the certificate nobody.pem is neither').waitFor();
  await inspect(carl, 'account-site-archive');
  await dialog(carl).getByRole('button', { name: 'Remove archive' }).click();
  await carl.getByRole('dialog', { name: 'Remove archive' }).getByRole('button', { name: 'Remove archive' }).click();
  await dialog(carl).getByText('None was sent yet.').waitFor();
  await dialog(carl).getByRole('button', { name: 'Cancel' }).click();
  await dialog(carl).waitFor({ state: 'detached' });
});

step('AVA-152 AVA-153 AVA-154 a CA for login certificates is uploaded, seen and downloaded; public ones are a switch', async () => {
  const dir = mkdtempSync(`${tmpdir()}/phonebox-ca-`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${dir}/key`, '-out', `${dir}/ca.pem`, '-subj', '/CN=Corner'], { stdio: 'ignore' });
  await alice.getByRole('tab', { name: 'Login certificates' }).click();
  await alice.locator('input[type=file]').setInputFiles({ name: 'x.pem', mimeType: 'text/plain', buffer: Buffer.from('nothing') });
  await alice.getByRole('alert').getByText('holds no certificate').waitFor();
  await alice.locator('input[type=file]').setInputFiles(`${dir}/ca.pem`);
  await alice.getByText('Uploaded', { exact: true }).waitFor();
  await alice.getByRole('button', { name: 'View' }).click();
  await alice.getByText('BEGIN CERTIFICATE').waitFor();
  const [download] = await Promise.all([alice.waitForEvent('download'), alice.getByRole('link', { name: 'Download' }).click()]);
  const text = readFileSync(await download.path(), 'utf8').replaceAll('\r', '').trim();
  assert.equal(text, readFileSync(`${dir}/ca.pem`, 'utf8').trim());
  await alice.getByRole('switch', { name: 'Certificates of public CAs log users in' }).click();
  await alice.getByText('Whoever gets a certificate from any public CA').waitFor();
  await inspect(alice, 'account-certificates');
  await confirm(alice, 'Remove');
  await alice.getByText('None', { exact: true }).waitFor();
});

step('AVA-132 AVA-214 AVA-216 a link is asked for by id and approved with a second word', async () => {
  await company(alice);
  await alice.getByRole('tab', { name: 'Links' }).click();
  await alice.getByText('No link yet').waitFor();
  await inspect(alice, 'links-empty');
  await alice.getByRole('button', { name: 'Ask for a link' }).click();
  await field(dialog(alice), 'Link id').fill('BP-8');
  await dialog(alice).getByRole('button', { name: 'Ask for a link' }).click();
  await dialog(alice).getByRole('alert').getByText('BP-8').waitFor();
  await field(dialog(alice), 'Link id').fill('BP-7');
  await dialog(alice).getByRole('button', { name: 'Ask for a link' }).click();
  const row = (page, name) => page.getByRole('listitem').filter({ hasText: name });
  await row(alice, 'BP-7').getByText('Waits').waitFor();
  assert.equal(await alice.getByText('Harbour Resale').count(), 0, 'no name before it is approved');
  await company(rita);
  await rita.getByRole('tab', { name: 'Links' }).click();
  await row(rita, 'Example Telephones').getByRole('button', { name: 'Approve' }).waitFor();
  await inspect(rita, 'links');
  await confirm(rita, 'Approve');
  await row(rita, 'Example Telephones').getByText('Linked').waitFor();
  await alice.reload();
  await row(alice, 'Harbour Resale').getByText('Linked').waitFor();
});

step('AVA-215 AVA-244 devices are handed down and, after a word, taken back', async () => {
  box.cli('device', 'add', DESK, '--name', 'Desk', '--activate');
  await alice.goto('/accounts');
  await alice.getByRole('link', { name: 'Harbour Resale' }).click();
  await alice.getByRole('tab', { name: 'Handed-down devices' }).click();
  await alice.getByText('No device was handed down').waitFor();
  await inspect(alice, 'handover-empty');
  await alice.getByRole('button', { name: 'Hand devices down' }).click();
  await dialog(alice).getByLabel('MAC addresses').fill('80:5e:c0:aa:bb:01');
  await inspect(alice, 'handover-add');
  await dialog(alice).getByRole('button', { name: 'Hand devices down' }).click();
  await alice.getByLabel('80:5e:c0:aa:bb:01').waitFor();
  await place(rita, 'Devices').click();
  await rita.getByRole('link', { name: 'Desk' }).waitFor();
  await inspect(alice, 'handover');
  // With it goes what is told before an account is removed.
  await alice.getByRole('button', { name: 'Remove account' }).click();
  await dialog(alice).getByText('1 handed-down device returns').waitFor();
  await dialog(alice).getByText('1 user', { exact: true }).waitFor();
  await inspect(alice, 'account-remove');
  await dialog(alice).getByRole('button', { name: 'Cancel' }).click();
  await alice.getByLabel('80:5e:c0:aa:bb:01').check();
  await confirm(alice, 'Take 1 device back');
  await alice.getByText('No device was handed down').waitFor();
});

step('YMC-176 YMC-177 another account is let in by its number, works inside with a banner, and is out again', async () => {
  await company(rita);
  const number = (await rita.getByText(/^Account number \d{8}$/).textContent()).match(/\d{8}/)[0];
  await rita.getByRole('tab', { name: 'Access' }).click();
  await inspect(rita, 'access-empty');
  await company(carl);
  await carl.getByRole('tab', { name: 'Access' }).click();
  await carl.getByText('Nobody was let in').waitFor();
  await carl.getByRole('button', { name: 'Let an account in' }).click();
  await dialog(carl).getByLabel('Account number').fill(number);
  await inspect(carl, 'access-let');
  await dialog(carl).getByRole('button', { name: 'Let in' }).click();
  await carl.getByText(`Account ${number}`).waitFor();
  // Declined with a reason first, then offered again.
  await rita.reload();
  await rita.getByRole('button', { name: 'Decline' }).click();
  await dialog(rita).getByLabel('Reason').fill('On holiday');
  await dialog(rita).getByRole('button', { name: 'Decline' }).click();
  await dialog(rita).waitFor({ state: 'detached' });
  await carl.reload();
  await carl.getByText('Reason: On holiday').waitFor();
  await inspect(carl, 'access-declined');
  await carl.getByRole('button', { name: 'Let an account in' }).click();
  await dialog(carl).getByLabel('Account number').fill(number);
  await dialog(carl).getByRole('button', { name: 'Let in' }).click();
  await dialog(carl).waitFor({ state: 'detached' });
  await rita.reload();
  await confirm(rita, 'Accept');
  await rita.getByText('Allowed', { exact: true }).waitFor();
  await inspect(rita, 'access');
  await rita.getByRole('button', { name: 'Work inside' }).click();
  // AVA-283, AVA-284: a notice, and a way back.
  await rita.getByText('You work inside Corner Shop.').waitFor();
  await place(rita, 'Company').click();
  await rita.getByText('You work inside Corner Shop.').waitFor();
  await inspect(rita, 'access-inside');
  await rita.getByRole('button', { name: 'Back to your own account' }).click();
  await rita.getByText('You work inside Corner Shop.').waitFor({ state: 'detached' });
  await carl.reload();
  await confirm(carl, 'Take back');
  await carl.getByText('Nobody was let in').waitFor();
  await rita.goto('/company?tab=access');
  await rita.getByText('No account lets this one in').waitFor();
});

step('YMC-176 an address is invited: known or not, the page says the same', async () => {
  await carl.getByRole('button', { name: 'Invite by e-mail' }).click();
  await dialog(carl).getByLabel('E-mail address').fill('rita@harbour.example');
  await dialog(carl).getByRole('button', { name: 'Let in' }).click();
  await dialog(carl).getByRole('alert').getByText('sends no mail').waitFor();
  box.cli('mail', 'set', '--host', '127.0.0.1', '--port', String(mails.port), '--security', 'none', '--from', 'box@example.com');
  await dialog(carl).getByRole('button', { name: 'Let in' }).click();
  await carl.getByText('If rita@harbour.example is known here, it was asked.').waitFor();
  await carl.getByRole('button', { name: 'Invite by e-mail' }).click();
  await dialog(carl).getByLabel('E-mail address').fill('nobody@elsewhere.example');
  await dialog(carl).getByRole('button', { name: 'Let in' }).click();
  await carl.getByText('If nobody@elsewhere.example is known here, it was asked.').waitFor();
  await until('both are listed', async () => (await carl.getByText('Asked, if it is known here').count()) === 2);
  await inspect(carl, 'access-invited');
  const mail = await until('the mail', () => mails.got.find((text) => text.includes('#code=')));
  assert.match(mail, /rita@harbour\.example/);
  const path = mail.match(/\/invitation#code=[0-9a-f]{64}/)[0];
  await rita.goto(path);
  await heading(rita, 'Work inside another account').waitFor();
  await inspect(rita, 'invitation');
  await rita.getByRole('button', { name: 'Accept' }).click();
  await rita.getByText('You may work inside Corner Shop now.').waitFor();
  assert.ok(!mails.got.some((text) => text.includes('nobody@elsewhere.example')));
  // Used once.
  await rita.goto('/');
  await rita.goto(path);
  await rita.getByRole('button', { name: 'Accept' }).click();
  await rita.getByRole('alert').getByText('The link does not work').waitFor();
  await carl.reload();
  await carl.getByText('Harbour Resale').waitFor();
  await confirm(carl, 'Take back');
});

step('AVA-147 AVA-155 an account is shut, opened and removed', async () => {
  await alice.goto('/accounts');
  await alice.getByRole('link', { name: 'Corner Shop' }).click();
  await confirm(alice, 'Disable');
  await alice.getByText('Disabled', { exact: true }).waitFor();
  await carl.goto('/');
  await heading(carl, 'Log in').waitFor();
  await alice.getByRole('button', { name: 'Enable' }).click();
  await alice.getByText('Enabled', { exact: true }).waitFor();
  await alice.getByRole('button', { name: 'Remove account' }).click();
  await dialog(alice).getByText('With this account these go for good:').waitFor();
  await dialog(alice).getByRole('button', { name: 'Remove account' }).click();
  await heading(alice, 'Accounts').waitFor();
  await alice.getByRole('link', { name: 'Harbour Resale' }).waitFor();
  // The list is read again; what was kept of it has the account still.
  await alice.getByRole('link', { name: 'Corner Shop' }).waitFor({ state: 'detached' });
});

step('the pages of companies speak German', async () => {
  const german = await fresh(browser, box, { locale: 'de-AT' });
  await german.goto('/');
  await german.getByLabel('Anmeldename').fill('rita@harbour.example');
  await german.getByLabel(/^Passwort( \*)?$/).fill(PASSWORD);
  await german.getByRole('button', { name: 'Anmelden', exact: true }).click();
  // Rita's own language is English; whoever wants another one has it until the next login.
  await german.getByRole('button', { name: 'Language' }).click();
  await german.getByRole('menuitem', { name: 'Deutsch' }).click();
  await german.getByRole('navigation').getByRole('link', { name: 'Firma' }).click();
  for (const [tab, words] of [['Dienste', 'API-Zugang'], ['Anmeldezertifikate', 'CA für Anmeldezertifikate'], ['Zugang', 'Wer in diesem Konto arbeiten darf'], ['Verknüpfungen', 'Um eine Verknüpfung bitten']]) {
    await german.getByRole('tab', { name: tab, exact: true }).click();
    await german.getByText(words).first().waitFor();
    await inspect(german, `german-${tab.toLowerCase().replaceAll('ü', 'ue')}`);
  }
  await german.context().close();
});
