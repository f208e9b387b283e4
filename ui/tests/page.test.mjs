// The page as people use it, in a real browser on the real program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agent, boot, startBox, until } from './box.mjs';
import { fresh, inspect, launch } from './browser.mjs';

const DESK = '805ec0aabb01';
const HALL = '805ec0aabb02';
const NEW = '805ec0aabb03';
const STRANGER = '805ec0aabb04';
let box, browser, page;

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

test('the first load weighs less than 350 kB, and runs no inline script', async () => {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let weight = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (weight += encodedDataLength));
  const answer = await page.goto('/');
  await page.getByLabel('API token').waitFor();
  assert.ok(weight > 50_000 && weight < 350_000, `${weight} bytes`);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[0-9a-f]{32}'/);
  assert.doesNotMatch(policy, /unsafe/);
  await session.detach();
});

test('language and colours can be chosen before anybody is known', async () => {
  await inspect(page, 'key');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: 'Deutsch' }).click();
  await page.getByText('Geben Sie ihr API-Token ein').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('button', { name: 'Farben' }).click();
  await page.getByRole('menuitem', { name: 'Dunkel' }).click();
  await page.reload();
  await page.getByText('Geben Sie ihr API-Token ein').waitFor();
  assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark');
  await page.getByRole('button', { name: 'Farben' }).click();
  await page.getByRole('menuitem', { name: 'Wie das System' }).click();
  await page.getByRole('button', { name: 'Sprache' }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
});

test('a wrong token opens nothing', async () => {
  await page.getByLabel('API token').fill('pb_wrong');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('alert').getByText('does not accept this token').waitFor();
});

test('empty pages say what to do', async () => {
  await page.getByLabel('API token').fill(box.token);
  await page.keyboard.press('Enter');
  await heading('Overview').waitFor();
  await page.getByText('No phone has asked yet').waitFor();
  await page.getByText(new RegExp(`^http://.*:${box.port}/$`)).waitFor();
  await inspect(page, 'overview-empty');
  for (const [name, words] of [
    ['Devices', 'No device yet'],
    ['Waiting', 'No phone is waiting'],
    ['Live log', 'No check-in yet'],
    ['Alarms', 'No open alarm'],
    ['Audit', 'Nothing was changed yet'],
  ]) {
    await link(name).click();
    await heading(name).waitFor();
    await page.getByText(words).waitFor();
    await inspect(page, `${name.toLowerCase().replace(' ', '-')}-empty`);
  }
});

test('a phone that asks appears in the live log, is adopted and gets its file', async () => {
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

test('a device is added by hand; what is refused is said in the box’s words', async () => {
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

test('a device shows its timeline, its values with their origin, and every file', async () => {
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

test('a phone that lost its proof is found and let in again', async () => {
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

test('a phone that nobody added has a page too', async () => {
  await box.ask(`${STRANGER}.cfg`, agent(STRANGER));
  await page.goto(`/devices/${STRANGER}`);
  await page.getByText('Nobody added this device', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Adopt' }).waitFor();
});

test('the list is sorted, searched and filtered by the server, and keeps its question in the address', async () => {
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
  await page.getByRole('combobox', { name: 'State' }).selectOption('blocked');
  await page.getByText('No device matches').waitFor();
});

test('ten thousand devices scroll, and only what is seen is drawn', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `${(0x805ec1000000 + i).toString(16)},Phone ${String(i).padStart(5, '0')}`);
  const { writeFileSync, mkdtempSync } = await import('node:fs');
  const file = `${mkdtempSync('/tmp/phonebox-rows-')}/devices.csv`;
  writeFileSync(file, ['mac,name', ...rows].join('\n'));
  box.cli('device', 'import', file);
  await page.goto('/devices?sort=name&search=Phone');
  await page.getByText('Phone 00000').waitFor();
  for (const name of ['Phone 00099', 'Phone 00250', 'Phone 00450']) {
    await until(name, async () => {
      await page.mouse.wheel(0, 3000);
      return page.getByText(name).isVisible();
    });
  }
  assert.ok((await page.getByRole('row').count()) < 120, 'rows out of sight are not drawn');
});

test('alarms, audit and the log of a box in use', async () => {
  for (const name of ['Alarms', 'Audit', 'Live log', 'Overview']) {
    await link(name).click();
    await heading(name).waitFor();
    await page.getByText(/Loading/).waitFor({ state: 'detached' });
    await inspect(page, name.toLowerCase().replace(' ', '-'));
  }
});

test('everything can be done with the keyboard', async () => {
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

test('the page speaks German throughout', async () => {
  const german = await fresh(browser, box, { locale: 'de-AT' });
  await german.goto('/');
  await german.getByLabel('API-Token').fill(box.token);
  await german.getByRole('button', { name: 'Öffnen' }).click();
  for (const name of ['Übersicht', 'Geräte', 'Wartende', 'Live-Protokoll', 'Alarme', 'Änderungen']) {
    await german.getByRole('navigation').getByRole('link', { name }).click();
    await german.getByRole('heading', { level: 1, name }).waitFor();
  }
  await inspect(german, 'german');
  await german.context().close();
});

test('an address that is not there says so, and whoever leaves is gone', async () => {
  await page.goto('/nowhere');
  await heading('There is no such page').waitFor();
  await inspect(page, 'not-found');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API token').waitFor();
  await page.reload();
  await page.getByLabel('API token').waitFor();
});
