// The page as people use it, in a real browser on the real program.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { agent, boot, startBox, totp, until } from './box.mjs';
import { fresh, inspect, launch, loaded } from './browser.mjs';
import { story } from './story.mjs';

const DESK = '805ec0aabb01';
const HALL = '805ec0aabb02';
const NEW = '805ec0aabb03';
const STRANGER = '805ec0aabb04';
const PASSWORD = 'Tr0ub4dor&3';
let box, browser, page;

const step = story(() => browser);

const link = (name) => page.getByRole('navigation').getByRole('link', { name });
const heading = (name) => page.getByRole('heading', { level: 1, name });

before(async () => {
  [box, browser] = await Promise.all([startBox(), launch()]);
  page = await fresh(browser, box);
});

after(async () => {
  await browser?.close();
  await box?.stop();
});

step('the first load weighs less than 350 kB, and runs no inline script', async () => {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let weight = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (weight += encodedDataLength));
  const answer = await page.goto('/');
  await heading('Set up this box').waitFor();
  assert.ok(weight > 50_000 && weight < 350_000, `${weight} bytes`);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[0-9a-f]{32}'/);
  assert.doesNotMatch(policy, /unsafe/);
  await session.detach();
});

step('language and colours can be chosen before anybody is known', async () => {
  await inspect(page, 'setup');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: 'Deutsch' }).click();
  await heading('Diese Box einrichten').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('button', { name: 'Farben' }).click();
  await page.getByRole('menuitem', { name: 'Dunkel' }).click();
  await page.reload();
  await heading('Diese Box einrichten').waitFor();
  assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark');
  await page.getByRole('button', { name: 'Farben' }).click();
  await page.getByRole('menuitem', { name: 'Wie das System' }).click();
  await page.getByRole('button', { name: 'Sprache' }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
});

step('the setup code opens the box once; a wrong one does not', async () => {
  await page.getByLabel('Setup code').fill('WRONG-CODE');
  await page.getByLabel('Your company').fill('Example Telephones');
  await page.getByLabel(/^Name( \*)?$/).fill('Alice Example');
  await page.getByLabel(/^E-mail address( \*)?$/).fill('alice@example.com');
  await page.getByLabel('Login name').fill('alice');
  await page.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
  await page.getByLabel('Once more').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up and log in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Setup code').fill(box.code);
  await page.getByRole('button', { name: 'Set up and log in' }).click();
  await heading('Overview').waitFor();
  const stranger = await fresh(browser, box);
  await stranger.goto('/devices');
  await stranger.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await stranger.getByLabel('Login name').fill('alice');
  await stranger.getByLabel(/^Password( \*)?$/).fill('wrong');
  await stranger.getByRole('button', { name: 'Log in' }).click();
  await stranger.getByRole('alert').waitFor();
  await inspect(stranger, 'login');
  // Whoever logs in is where they wanted to go.
  await stranger.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
  await stranger.getByRole('button', { name: 'Log in' }).click();
  await stranger.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
  await stranger.context().close();
});

step('empty pages say what to do', async () => {
  await page.getByText('No phone has asked yet').waitFor();
  await page.getByText(new RegExp(`^http://.*:${box.port}/$`)).waitFor();
  await inspect(page, 'overview-empty');
  for (const [name, words] of [
    ['Devices', 'No device yet'],
    ['Waiting', 'No phone is waiting'],
    ['Live log', 'No check-in yet'],
    // A machine whose disk is nearly full has one from the start.
    ['Alarms', /No open alarm|disk is free/],
  ]) {
    await link(name).click();
    await heading(name).waitFor();
    await page.getByText(words).first().waitFor();
    await inspect(page, `${name.toLowerCase().replace(' ', '-')}-empty`);
  }
});

step('a phone that asks appears in the live log, is adopted and gets its file', async () => {
  box.cli('network', 'add', '127.0.0.0/8', '--unknown', 'queue');
  await link('Live log').click();
  await page.getByText('No check-in yet').waitFor();
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 404);
  await page.getByRole('link', { name: '80:5e:c0:aa:bb:03' }).waitFor();
  await page.getByText('Refused').first().waitFor();
  await link('Waiting').click();
  const row = page.getByRole('row').filter({ hasText: '80:5e:c0:aa:bb:03' });
  await row.getByRole('cell', { name: 'Yealink T54W', exact: true }).waitFor();
  await inspect(page, 'waiting');
  await row.getByRole('button', { name: 'Adopt' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Reception');
  await inspect(page, 'adopt');
  await dialog.getByRole('button', { name: 'Adopt' }).click();
  await heading('Reception').waitFor();
  await page.getByText('T54W').first().waitFor();
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 200);
  await page.getByText('Served').first().waitFor();
});

step('a device is added by hand; what is refused is said in the box’s words', async () => {
  await link('Devices').click();
  await page.getByRole('button', { name: 'Add device' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('MAC address').fill('805ec0');
  await dialog.getByRole('button', { name: 'Add device' }).click();
  const alert = dialog.getByRole('alert');
  await alert.getByText('Write it like 805ec0aabb01').waitFor();
  const id = (await alert.getByText(/^Request /).textContent()).replace('Request ', '');
  assert.match(id, /^[0-9a-f]{12}$/);
  await inspect(page, 'refused');
  await dialog.getByLabel('MAC address').fill('80:5E:C0:AA:BB:01');
  await dialog.getByLabel('Name').fill('Desk 201');
  await dialog.getByRole('button', { name: 'Add device' }).click();
  await heading('Desk 201').waitFor();
});

step('a device shows its timeline, its values with their origin, and every file', async () => {
  box.cli('device', 'set', DESK, '--vendor', 'yealink', '--model', 'SIP-T54W', '--serial', '3105042');
  box.cliWith('hunter2-hunter2', 'device', 'line', DESK, '1', 'user=201,password=@-,name=Desk 201');
  await boot(box, DESK);
  await page.goto(`/devices/${DESK}`);
  await page.getByRole('status').getByText('All is well').waitFor();
  await inspect(page, 'device-timeline');
  await page.getByRole('tab', { name: 'Values' }).click();
  const row = page.getByRole('row').filter({ hasText: 'account.1.user_name' });
  await row.getByText('201').first().waitFor();
  assert.match(await row.getByRole('cell').nth(2).textContent(), /^line/);
  await inspect(page, 'device-values');
  await page.getByLabel('Filter parameters').fill('password');
  await page.getByText('account.1.user_name').waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: 'Files' }).click();
  // The values have such a box too.
  await page.getByText('Without secrets').waitFor();
  await page.getByRole('combobox', { name: 'File' }).selectOption(`${DESK}.cfg`);
  await page.getByText('account.1.user_name = 201').waitFor();
  assert.doesNotMatch(await page.content(), /hunter2/);
  await inspect(page, 'device-files');
  await page.getByText('Without secrets').click();
  await page.waitForFunction(() => !document.querySelector('pre')?.textContent.includes('account.1.password'));
  await page.getByRole('tab', { name: 'Facts' }).click();
  await page.getByText('3105042').waitFor();
  await inspect(page, 'device-facts');
});

step('a phone that lost its proof is found and let in again', async () => {
  box.cli('device', 'add', HALL, '--name', 'Hall', '--vendor', 'yealink', '--model', 'SIP-T54W', '--activate');
  await boot(box, HALL);
  assert.equal((await box.ask(`${HALL}.cfg`, agent(HALL))).status, 404);
  await page.goto('/');
  await page.getByRole('link', { name: '1 device came without its proof' }).click();
  await page.getByRole('row').filter({ hasText: 'Hall' }).getByText('Reset suspected').waitFor();
  await page.getByRole('link', { name: 'Hall' }).click();
  await heading('Hall').waitFor();
  await inspect(page, 'device-reset');
  await page.getByRole('button', { name: 'Let this phone in again' }).click();
  await inspect(page, 'let-in');
  await page.getByRole('dialog').getByRole('button', { name: 'Let this phone in again' }).click();
  await page.getByText('Reset suspected').first().waitFor({ state: 'detached' });
  assert.equal((await box.ask(`${HALL}.cfg`, agent(HALL))).status, 200);
});

step('a phone that nobody added has a page too', async () => {
  await box.ask(`${STRANGER}.cfg`, agent(STRANGER));
  await page.goto(`/devices/${STRANGER}`);
  await page.getByText('Nobody added this device', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Adopt' }).waitFor();
});

step('the list is sorted, searched and filtered by the server, and keeps its question in the address', async () => {
  await page.goto('/devices');
  const names = async () => (await page.getByRole('row').getByRole('link').allTextContents()).join(' ');
  await page.getByRole('button', { name: 'Name' }).click();
  await until('names in order', async () => (await names()) === 'Desk 201 Hall Reception');
  await page.getByRole('button', { name: 'Name' }).click();
  await until('names turned round', async () => (await names()) === 'Reception Hall Desk 201');
  await inspect(page, 'devices');
  await page.getByRole('searchbox').fill('bb02');
  await until('one row', async () => (await names()) === 'Hall');
  assert.match(page.url(), /search=bb02/);
  await page.getByRole('searchbox').fill('nothing of it');
  await page.getByText('No device matches').waitFor();
  await page.getByRole('button', { name: 'Show all devices' }).last().click();
  await page.getByRole('row').getByRole('link', { name: 'Hall' }).waitFor();
  await page.getByRole('combobox', { name: 'State' }).selectOption('blocked');
  await page.getByText('No device matches').waitFor();
});

step('ten thousand devices scroll, and only what is seen is drawn', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `${(0x805ec1000000 + i).toString(16)},Phone ${String(i).padStart(5, '0')}`);
  const { writeFileSync, mkdtempSync } = await import('node:fs');
  const file = `${mkdtempSync('/tmp/phonebox-rows-')}/devices.csv`;
  writeFileSync(file, ['mac,name', ...rows].join('\n'));
  box.cli('device', 'import', file);
  await page.goto('/devices?sort=name&search=Phone');
  await page.getByText('Phone 00000').waitFor();
  for (const name of ['Phone 00099', 'Phone 00250', 'Phone 00450']) {
    // However long the rows take: on while they are before it, back when a slow machine let the wheel run past it.
    await until(name, async () => {
      const drawn = (await page.getByText(/^Phone \d{5}$/).allInnerTexts()).sort();
      if (drawn.length > 0 && drawn.at(-1) < name) await page.mouse.wheel(0, 2000);
      if (drawn.length > 0 && drawn[0] > name) await page.mouse.wheel(0, -500);
      return page.getByText(name).isVisible();
    });
  }
  assert.ok((await page.getByRole('row').count()) < 120, 'rows out of sight are not drawn');
});

step('alarms, audit and the log of a box in use', async () => {
  for (const name of ['Alarms', 'Audit', 'Live log', 'Overview']) {
    await link(name).click();
    await heading(name).waitFor();
    await loaded(page);
    await inspect(page, name.toLowerCase().replace(' ', '-'));
  }
});

step('everything can be done with the keyboard', async () => {
  await page.goto('/');
  await heading('Overview').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  await page.goto('/devices?search=Hall');
  await page.getByRole('link', { name: 'Hall' }).focus();
  await page.keyboard.press('Enter');
  await heading('Hall').waitFor();
  await page.getByRole('tab', { name: 'Timeline' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('combobox', { name: 'File' }).waitFor();
  await page.getByRole('button', { name: 'Block' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

step('a box of one company never says reseller, until it serves others', async () => {
  const seen = [];
  for (const name of ['Company', 'Users', 'Roles', 'API keys', 'Mail', 'Overview']) {
    await link(name).click();
    await heading(name).waitFor();
    await loaded(page);
    seen.push(await page.locator('body').innerText());
    await inspect(page, name.toLowerCase().replace(' ', '-'));
  }
  assert.doesNotMatch(seen.join(), /reseller/i);
  await link('Company').click();
  await page.getByLabel('Contact person').fill('Alice');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Serve another company' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Name( \*)?$/).fill('Harbour Resale');
  await dialog.getByLabel('Kind').selectOption('reseller');
  await inspect(page, 'account-add');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await heading('Accounts').waitFor();
  await page.getByRole('row').filter({ hasText: 'Harbour Resale' }).getByRole('cell', { name: 'Reseller', exact: true }).waitFor();
  await inspect(page, 'accounts');
  await page.getByRole('link', { name: 'Harbour Resale' }).click();
  await page.getByLabel('Country').fill('Austria');
  await inspect(page, 'account');
  // A form keeps what it opened with: what is kept must be read again before it opens anew.
  let isKept = false;
  const isRead = (answer) => {
    const [method, isAccount] = [answer.request().method(), /\/accounts\/\d+$/.test(answer.url())];
    isKept ||= isAccount && method === 'PATCH';
    return isKept && isAccount && method === 'GET';
  };
  await Promise.all([page.waitForResponse(isRead), page.getByRole('button', { name: 'Save' }).click()]);
  await page.getByRole('link', { name: 'All accounts' }).click();
  await page.getByRole('link', { name: 'Harbour Resale' }).click();
  await page.getByLabel('Country').and(page.locator('[value=Austria]')).waitFor();
  await page.getByRole('button', { name: 'Work inside' }).click();
  await page.getByText('You work inside Harbour Resale.').waitFor();
  await link('Devices').click();
  await page.getByText('No device yet').waitFor();
  await inspect(page, 'acting');
  await page.getByRole('button', { name: 'Back to your own account' }).click();
  await page.getByRole('link', { name: 'Reception' }).waitFor();
});

step('an API key is made, shown once, and taken away', async () => {
  await link('API keys').click();
  await page.getByRole('button', { name: 'Add API key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Name( \*)?$/).fill('Inventory');
  await inspect(page, 'key-add');
  await dialog.getByRole('button', { name: 'Make' }).click();
  await dialog.getByText('shown this once').waitFor();
  await inspect(page, 'key-secret');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('listitem').filter({ hasText: 'Inventory' }).getByText('last used: never').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Inventory' }).getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No API key yet').waitFor();
});

step('a role is put together; its user gets a link and sees only what the role shows', async () => {
  await link('Roles').click();
  await page.getByRole('button', { name: 'Add role' }).click();
  await page.getByLabel(/^Name( \*)?$/).fill('Watcher');
  await page.getByLabel('Change phones, activate them, let them in again').check();
  // Who may change them sees them.
  assert.ok(await page.getByLabel('See phones and what they would get').isChecked());
  await inspect(page, 'role');
  await page.getByLabel('Change phones, activate them, let them in again').uncheck();
  await page.getByLabel('See phones and what they would get').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row').filter({ hasText: 'Watcher' }).getByText('1 permission').waitFor();
  await link('Users').click();
  await page.getByRole('button', { name: 'Add user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Name( \*)?$/).fill('Wanda Watch');
  await dialog.getByLabel('E-mail address').fill('wanda@example.com');
  await dialog.getByLabel('Role').selectOption({ label: 'Watcher' });
  await inspect(page, 'user-add');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('It works once').waitFor();
  await inspect(page, 'user-link');
  const href = await dialog.getByText('#code=').textContent();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const wanda = await fresh(browser, box);
  await wanda.goto(href);
  // ALE-012: name and password at once.
  await wanda.getByLabel('Login name').fill('wanda');
  await wanda.getByLabel('New password').fill('W4nda-looks-on');
  await wanda.getByLabel('Once more').fill('W4nda-looks-on');
  await inspect(wanda, 'reset');
  await wanda.getByRole('button', { name: 'Save' }).click();
  await wanda.getByText('Your password is set').waitFor();
  await wanda.getByRole('link', { name: 'To the login' }).click();
  await wanda.getByLabel('Login name').fill('wanda');
  await wanda.getByLabel(/^Password( \*)?$/).fill('W4nda-looks-on');
  await wanda.getByRole('button', { name: 'Log in' }).click();
  await wanda.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  assert.deepEqual(await wanda.getByRole('navigation').getByRole('link').allInnerTexts(), ['Overview', 'Devices']);
  await wanda.goto('/users');
  await wanda.getByRole('alert').getByText(/user\.read|may not|not allowed/i).first().waitFor();
  await wanda.context().close();
});

step('a second factor is set up, asked for, and its recovery code opens once', async () => {
  await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
  await page.getByRole('menuitem', { name: 'Personal information' }).click();
  await heading('Personal information').waitFor();
  await inspect(page, 'me');
  await page.getByRole('button', { name: 'Set up', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const secret = await dialog.locator('code').textContent();
  await dialog.getByRole('img', { name: 'QR code' }).waitFor();
  await inspect(page, 'totp');
  await dialog.getByLabel('Code').fill(totp(secret));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  const recovery = (await dialog.locator('pre').textContent()).split('\n')[0];
  await inspect(page, 'recovery');
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('recovery codes are left').waitFor();
  const again = await fresh(browser, box);
  await again.goto('/');
  await again.getByLabel('Login name').fill('alice');
  await again.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
  await again.getByRole('button', { name: 'Log in' }).click();
  await again.getByLabel('Code').fill(recovery);
  await inspect(again, 'login-code');
  await again.getByRole('button', { name: 'Log in' }).click();
  await again.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await again.context().close();
  await page.getByRole('button', { name: 'End' }).first().click();
  await page.getByRole('button', { name: 'Take it away' }).click();
  await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Take it away' }).click();
  await page.getByText('Not set up').waitFor();
});

step('a forgotten password is asked for without telling who exists', async () => {
  const nobody = await fresh(browser, box);
  await nobody.goto('/');
  await nobody.getByRole('link', { name: 'Forgotten password?' }).click();
  // The page of the login has such a field too, until the next one is there.
  await nobody.getByRole('button', { name: 'Ask for a link' }).waitFor();
  await nobody.getByLabel('Login name').fill('nobody@example.com');
  await inspect(nobody, 'forgotten');
  await nobody.getByRole('button', { name: 'Ask for a link' }).click();
  await nobody.getByText('If there is such a user').waitFor();
  await nobody.context().close();
});

step('the page speaks German throughout', async () => {
  const german = await fresh(browser, box, { locale: 'de-AT' });
  await german.goto('/');
  await german.getByLabel('Anmeldename').fill('alice');
  await german.getByLabel(/^Passwort( \*)?$/).fill(PASSWORD);
  await german.getByRole('button', { name: 'Anmelden' }).click();
  // Alice's own language is English; whoever wants another one has it until the next login.
  await german.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await german.getByRole('button', { name: 'Language' }).click();
  await german.getByRole('menuitem', { name: 'Deutsch' }).click();
  for (const name of ['Übersicht', 'Geräte', 'Wartende', 'Live-Protokoll', 'Alarme', 'Konten', 'Benutzer', 'Rollen', 'Änderungen']) {
    await german.getByRole('navigation').getByRole('link', { name }).click();
    await german.getByRole('heading', { level: 1, name }).waitFor();
  }
  await inspect(german, 'german');
  await german.context().close();
});

step('an address that is not there says so, and whoever leaves is gone', async () => {
  await page.goto('/nowhere');
  await heading('There is no such page').waitFor();
  await inspect(page, 'not-found');
  await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await heading('Log in').waitFor();
  await page.goto('/devices');
  await heading('Log in').waitFor();
  // Whoever comes by an address that leads nowhere is somewhere after the login.
  for (const address of ['/nowhere', '/login']) {
    await page.goto(address);
    await heading('Log in').waitFor();
    await page.getByLabel('Login name').fill('alice');
    await page.getByLabel(/^Password( \*)?$/).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await heading('Overview').waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
    await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await heading('Log in').waitFor();
  }
});
