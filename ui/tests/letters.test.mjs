// Mails, notifications, webhooks, alarms and the audit log, as people use them, with a real mail server and a real program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { startBox, until } from './box.mjs';
import { fresh, inspect, launch, loaded } from './browser.mjs';
import { story } from './story.mjs';

const PASSWORD = 'Tr0ub4dor&3';
const DESK = '805ec0aabb01';
let box, browser, page, mails, program;

const step = story(() => browser);

const link = (name) => page.getByRole('navigation').getByRole('link', { name });
const heading = (name) => page.getByRole('heading', { level: 1, name });

/** aiosmtpd: `nobody@` is refused for good. */
async function startMails() {
  const source = `
import asyncio
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody@'): return '550 5.1.1 no such mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        print(envelope.rcpt_tos[0], flush=True)
        return '250 OK'
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler(), hostname='sink'), '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())`;
  const child = spawn('/usr/bin/python3', ['-c', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const got = [];
  createInterface({ input: child.stdout }).on('line', (line) => got.push(line));
  const port = await until('the mail server', () => got[0]);
  return { port, to: () => got.slice(1), stop: () => child.kill() };
}

/** A program that answers as it is told. */
async function startProgram() {
  const told = { status: 503, got: [] };
  const server = createServer((request, answer) => {
    told.got.push(request.headers);
    request.resume();
    answer.writeHead(told.status).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(told, { url: `http://127.0.0.1:${server.address().port}/events`, stop: () => server.close() });
}

before(async () => {
  [box, browser, mails, program] = await Promise.all([startBox('--webhook-networks', '127.0.0.0/8'), launch(), startMails(), startProgram()]);
  page = await fresh(browser, box);
  await page.goto('/');
  await page.getByLabel('Setup code').fill(box.code);
  await page.getByLabel('Your company').fill('Example');
  await page.getByLabel(/^Name( \*)?$/).fill('Alice Example');
  await page.getByLabel(/^E-mail address( \*)?$/).fill('alice@example.com');
  await page.getByLabel('Login name').fill('alice');
  await page.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
  await page.getByLabel(/^Once more/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up and log in' }).click();
});

after(async () => {
  await browser?.close();
  mails?.stop();
  program?.stop();
  await box?.stop();
});

step('lists that are empty say what to do', async () => {
  await heading('Overview').waitFor();
  await link('Mail').click();
  await heading('Mail').waitFor();
  await page.getByText('No mail server is set').waitFor();
  await inspect(page, 'mail-unset');
  await page.getByRole('tab', { name: 'Mails' }).click();
  await page.getByText('No mail yet').waitFor();
  await link('Webhooks').click();
  await page.getByText('No webhook yet').waitFor();
  await inspect(page, 'webhooks-empty');
  await link('Notifications').click();
  await page.getByText('No mail server is set on this box').waitFor();
});

step('a mail server is set, refused in the box’s words, and tried', async () => {
  await link('Mail').click();
  await page.getByLabel('Mail server', { exact: false }).first().waitFor();
  const host = page.getByRole('textbox', { name: 'Mail server' });
  await host.fill('169.254.169.254');
  await page.getByLabel('Encryption').selectOption('none');
  await page.getByRole('textbox', { name: 'Port' }).fill(mails.port);
  await page.getByRole('textbox', { name: 'Sender' }).fill('box@example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('can be no mail server').waitFor();
  assert.match(await alert.getByText(/^Request /).textContent(), /^Request [0-9a-f]{12}$/);
  await host.fill('127.0.0.1');
  await page.getByRole('button', { name: 'Save' }).click();
  const to = page.getByRole('textbox', { name: 'To' });
  assert.equal(await to.inputValue(), 'alice@example.com');
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await page.getByText('The mail server took it').waitFor();
  await until('the mail', () => mails.to().length > 0);
  assert.deepEqual(mails.to(), ['alice@example.com']);
  await to.fill('nobody@example.com');
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await page.getByText('no such mailbox').waitFor();
  await inspect(page, 'mail-server');
});

step('AVA-057 and AVA-058: every notification is on, is switched off by itself, and saved with Submit', async () => {
  await link('Notifications').click();
  const code = page.getByRole('switch', { name: 'A device user entered an enrollment code' });
  await code.waitFor();
  const switches = page.getByRole('main').getByRole('switch');
  assert.equal(await switches.count(), 8);
  for (const one of await switches.all()) assert.ok(await one.isChecked());
  await page.getByText('Empty: alice@example.com.').waitFor();
  await page.getByRole('switch', { name: 'A provisioning URL was changed' }).uncheck({ force: true });
  await page.getByLabel('Addresses, one in each line').fill('desk@example.com\nnobody@example.com');
  await inspect(page, 'notifications');
  await page.reload();
  assert.ok(await page.getByRole('switch', { name: 'A provisioning URL was changed' }).isChecked(), 'nothing counts before Submit');
  await page.getByRole('switch', { name: 'A provisioning URL was changed' }).uncheck({ force: true });
  await page.getByLabel('Addresses, one in each line').fill('desk@example.com\nnobody@example.com');
  await page.getByRole('button', { name: 'Submit' }).click();
  await until('it is saved', async () => JSON.parse(box.cli('notification', 'list', '--json')).recipients.length === 2);
  await page.reload();
  assert.ok(!(await page.getByRole('switch', { name: 'A provisioning URL was changed' }).isChecked()));
});

step('AVA-066 and AVA-067: the device lockout is set, and refused in the box’s words', async () => {
  await link('Notifications').click();
  const minutes = page.getByRole('textbox', { name: 'Device Lockout Time, in minutes' });
  await minutes.waitFor();
  assert.equal(await minutes.inputValue(), '30');
  assert.equal(await page.getByRole('textbox', { name: 'Enrollment Code Invalid Attempts' }).inputValue(), '3');
  await minutes.fill('1441');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').getByText('it is from 1 to 1440').waitFor();
  await minutes.fill('45');
  await page.getByRole('button', { name: 'Save' }).click();
  await until('it is saved', async () => JSON.parse(box.cli('enrollment', 'lockout', '--json')).minutes === 45);
  await inspect(page, 'device-lockout');
});

step('mails that were sent and given up are shown with what the mail server said', async () => {
  box.cli('device', 'add', DESK, '--name', 'Desk');
  await until('it arrives', () => mails.to().includes('desk@example.com'));
  await link('Mail').click();
  await page.getByRole('tab', { name: 'Mails' }).click();
  const row = page.getByRole('row').filter({ hasText: 'nobody@example.com' }).filter({ hasText: `Device added: ${DESK}` });
  await row.getByText('Given up').waitFor();
  await row.getByText('no such mailbox').filter({ visible: true }).first().waitFor();
  await page.getByRole('row').filter({ hasText: 'desk@example.com' }).getByText('Sent').first().waitFor();
  await inspect(page, 'mails');
  await row.getByRole('button', { name: 'Try again' }).click();
  await row.getByText('Given up').waitFor();
  await row.getByRole('button', { name: 'Give up' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).click();
  await row.waitFor({ state: 'detached' });
});

step('a webhook is added, its secret shown once; what does not arrive is shown and tried again', async () => {
  await link('Webhooks').click();
  await page.getByRole('button', { name: 'Add webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('http://10.0.0.1/');
  await dialog.getByLabel('Two accounts were linked').check();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.getByText('no public address').waitFor();
  await inspect(page, 'webhook-add');
  await dialog.getByLabel('Address').fill(program.url);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const secret = await dialog.getByText(/^pbw_/).textContent();
  await inspect(page, 'webhook-secret');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const row = page.getByRole('listitem').filter({ hasText: program.url });
  await row.getByText('Two accounts were linked').waitFor();
  await row.getByRole('button', { name: 'Send a test' }).click();
  const deliveries = page.getByRole('list', { name: 'Deliveries' });
  await deliveries.getByText('HTTP 503').waitFor();
  await deliveries.getByText('Waiting').waitFor();
  await inspect(page, 'webhooks');
  program.status = 204;
  await deliveries.getByRole('button', { name: 'Try again' }).click();
  await deliveries.getByText('Sent').waitFor();
  assert.match(program.got.at(-1)['phonebox-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
  assert.ok(!(await page.content()).includes(secret), 'shown once');
});

step('YMC-010 and YMC-016: the header counts unread alarms by type, shows their words, and leads to all', async () => {
  const bell = page.getByRole('banner').getByRole('button', { name: /^Alarms, [1-9]\d* unread$/ });
  await bell.waitFor();
  await bell.hover();
  const item = page.getByRole('menuitem', { name: /Mail not sent/ });
  await item.getByText('no such mailbox').waitFor();
  await inspect(page, 'bell');
  await bell.hover();
  await item.click();
  await heading('Alarms').waitFor();
  assert.match(page.url(), /kind=mail/);
  const row = page.getByRole('listitem').filter({ hasText: 'no such mailbox' });
  await row.getByText('unread', { exact: true }).waitFor();
  await inspect(page, 'alarms-unread');
  await row.getByRole('button', { name: 'Mark as read' }).click();
  await row.getByText('unread', { exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: 'Type' }).selectOption('');
  // A machine whose disk is nearly full has others besides.
  const [all, none] = [page.getByRole('button', { name: 'Mark all as read' }), page.getByRole('banner').getByRole('button', { name: 'Alarms, 0 unread' })];
  await until('nothing is unread', async () => {
    if (await all.isVisible()) await all.click({ timeout: 1_000 }).catch(() => undefined);
    return none.isVisible();
  });
  await page.getByRole('switch', { name: 'Only unread ones' }).click({ force: true });
  await page.getByText('No alarm of this kind').waitFor();
  await page.getByRole('button', { name: 'Show all alarms' }).click();
  await row.getByRole('button', { name: 'Close' }).click();
  await row.waitFor({ state: 'detached' });
});

step('AVA-264, AVA-265, AVA-266, ALE-074, ALE-075, YMC-175: the log is searched under every column and sorted', async () => {
  box.cli('device', 'set', DESK, '--name', 'Front desk');
  await link('Audit').click();
  await heading('Audit').waitFor();
  await page.getByText('kept 730 days').waitFor();
  await loaded(page);
  assert.equal(await page.getByRole('combobox', { name: 'Time' }).inputValue(), 'day', 'the last 24 hours first');
  const rows = page.locator('tbody tr:not([aria-hidden])');
  const shown = async () => (await rows.allInnerTexts()).join('\n');
  await inspect(page, 'audit');
  const fields = { 'Search Who': 'conso', 'Search Account': 'exam', 'Search By': 'consol', 'Search On': 'aabb01', 'Search Path': 'devices/805e', 'Search Words': 'Front' };
  for (const [name, text] of Object.entries(fields)) await page.getByRole('searchbox', { name }).fill(text);
  await page.getByLabel('Search Action').filter({ visible: true }).first().fill('device.set');
  await until('one entry', async () => (await rows.count()) === 1 && (await shown()).includes('device.set'));
  assert.match(page.url(), /actor=conso.*|account_name=exam/);
  await page.getByRole('searchbox', { name: 'Search Address' }).fill('192.0.2.');
  await page.getByText('No entry matches').waitFor();
  await inspect(page, 'audit-none');
  await page.getByRole('button', { name: 'Show all entries' }).click();
  await until('all are back', async () => (await rows.count()) > 5);
  await page.getByRole('combobox', { name: 'Result' }).selectOption('fail');
  await until('what failed', async () => /mail\.set/.test(await shown()) && !/device\.add/.test(await shown()));
  await page.getByRole('combobox', { name: 'Result' }).selectOption('');
  const actions = async () => page.locator('tbody .open').allInnerTexts();
  for (const [way, sorted] of [['ascending', (a) => a], ['descending', (a) => a.reverse()]]) {
    await page.getByRole('columnheader', { name: /^Action/ }).getByRole('button', { name: 'Action', exact: true }).click();
    await until(way, async () => {
      const found = await actions();
      const wanted = sorted([...found].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      return found.length > 5 && JSON.stringify(found) === JSON.stringify(wanted);
    });
  }
  await page.getByRole('combobox', { name: 'Time' }).selectOption('between');
  await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00');
  await page.getByText('No entry matches').waitFor();
  await page.getByRole('button', { name: 'Show all entries' }).click();
});

step('AVA-269: an entry shows who, from where, and what was before and after; the log is exported and verified', async () => {
  await page.getByLabel('Search Action').filter({ visible: true }).first().fill('device.set');
  await page.waitForURL(/action=device\.set/);
  await page.getByRole('button', { name: 'device.set' }).first().click();
  const dialog = page.getByRole('dialog');
  const sides = dialog.locator('.sides');
  await sides.getByText('Front desk').waitFor();
  assert.match(await sides.innerText(), /name\s+Desk\s+Front desk/);
  await inspect(page, 'audit-entry');
  await dialog.getByRole('button', { name: 'Close' }).click();
  for (const format of ['CSV', 'JSON']) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: `Export ${format}` }).click()]);
    assert.equal(download.suggestedFilename(), `audit.${format.toLowerCase()}`);
    let text = '';
    for await (const chunk of await download.createReadStream()) text += chunk;
    assert.match(text, /device\.set/);
    assert.doesNotMatch(text, /device\.add/, 'only what is looked for');
  }
  await page.getByRole('button', { name: 'Verify' }).click();
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await dialog.getByText('nothing was changed, put in or taken out').waitFor();
  await inspect(page, 'audit-verify');
  await dialog.getByLabel('Head noted before').fill('00'.repeat(32).replace(/^00/, 'ab'));
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await dialog.getByText('not what was written').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
});

step('on a narrow screen the fields are behind a button', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/audit');
  await heading('Audit').waitFor();
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('searchbox', { name: 'Search On' }).fill('aabb01');
  await page.getByRole('button', { name: 'device.set' }).first().waitFor();
  await page.setViewportSize({ width: 1440, height: 900 });
});

step('the pages speak German', async () => {
  const german = await fresh(browser, box, { locale: 'de-AT' });
  await german.goto('/');
  await german.getByLabel('Anmeldename').fill('alice');
  await german.getByLabel(/^Passwort( \*)?$/).fill(PASSWORD);
  await german.getByRole('button', { name: 'Anmelden', exact: true }).click();
  // Alice's own language is English; whoever wants another one has it until the next login.
  await german.getByRole('button', { name: 'Language' }).click();
  await german.getByRole('menuitem', { name: 'Deutsch' }).click();
  for (const name of ['Benachrichtigungen', 'Mail', 'Webhooks', 'Änderungen', 'Alarme']) {
    await german.getByRole('navigation').getByRole('link', { name }).click();
    await german.getByRole('heading', { level: 1, name }).waitFor();
    await loaded(german);
    // The page's own words: what happened is told as the box wrote it down.
    const text = await german.locator('main').evaluate((main) => {
      const own = main.cloneNode(true);
      own.querySelectorAll('tbody, textarea, .feed').forEach((told) => told.remove());
      return own.textContent;
    });
    assert.doesNotMatch(text, /\b(the|nobody|Search|Any|Recipients)\b/, name);
    await inspect(german, `german-${name.toLowerCase()}`);
  }
  await german.context().close();
});

/** The API as the page uses it. */
const api = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const { csrf } = await (await fetch('/api/v1/session')).json();
      const headers = { 'X-CSRF-Token': csrf ?? '', 'Content-Type': 'application/json' };
      const answer = await fetch(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text && JSON.parse(text);
    },
    [method, path, body],
  );

step('who may only see sees, and is offered nothing to change', async () => {
  const permissions = ['notification.read', 'webhook.read', 'audit.read', 'alarm.read'];
  const { id } = await api(page, 'POST', '/roles', { name: 'Looker', permissions });
  await api(page, 'POST', '/users', { login: 'lou', name: 'Lou', email: 'lou@example.com', role_id: id, password: PASSWORD });
  const lou = await fresh(browser, box);
  await lou.goto('/forgotten');
  await api(lou, 'POST', '/session', { login: 'lou', password: PASSWORD });
  await api(lou, 'PUT', '/me/password', { old: PASSWORD, new: `${PASSWORD}2` });
  await lou.goto('/notifications');
  await lou.getByRole('switch', { name: 'Something needs a hand' }).waitFor();
  assert.ok(await lou.getByRole('switch', { name: 'Something needs a hand' }).isDisabled());
  assert.equal(await lou.getByRole('button', { name: 'Submit' }).count(), 0);
  // AVA-068.
  await lou.getByText('Device Lockout Time, in minutes').waitFor();
  await lou.getByText('45', { exact: true }).waitFor();
  assert.equal(await lou.getByRole('textbox', { name: 'Device Lockout Time' }).count(), 0);
  // Without the number beside it.
  const places = (await lou.getByRole('navigation').getByRole('link').allInnerTexts()).map((text) => text.split('\n')[0]);
  assert.deepEqual(places, ['Overview', 'Alarms', 'Audit', 'Notifications', 'Mail', 'Webhooks']);
  await lou.goto('/mail');
  await lou.getByText('desk@example.com').first().waitFor();
  assert.equal(await lou.getByRole('tab', { name: 'Mail server' }).count(), 0);
  assert.equal(await lou.getByRole('button', { name: 'Try again' }).count(), 0);
  await lou.goto('/webhooks');
  await lou.getByText(program.url).waitFor();
  assert.equal(await lou.getByRole('button', { name: /Add webhook|Remove|Send a test/ }).count(), 0);
  await lou.goto('/audit');
  await lou.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
  assert.equal(await lou.getByRole('button', { name: 'Verify' }).count(), 0);
  await lou.context().close();
});
