// The pages of users, roles, keys and of oneself, in a real browser on the real program.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { startBox, totp, until } from './box.mjs';
import { fresh, inspect as look, launch, loaded } from './browser.mjs';
import { story } from './story.mjs';

const PASSWORD = 'Tr0ub4dor&3';
const OTHER = 'An0ther.Word';
let box, browser, page;

const step = story(() => browser);

/** What is seen is told at the end: it holds nothing up. */
const seen = [];
const inspect = (on, name) => look(on, name).catch((error) => seen.push(error.message));

const link = (name) => page.getByRole('navigation').getByRole('link', { name, exact: true });
const heading = (name, on = page) => on.getByRole('heading', { level: 1, name });
const dialog = (on = page) => on.getByRole('dialog').last();
const field = (label, on = page) => on.getByLabel(new RegExp(`^${label}( \\*)?$`));
const row = (text) => page.getByRole('row').filter({ hasText: text });

/** Once the list that is chosen from is there. */
const chosen = (label, name) => until(`${name} is chosen`, async () => {
  const option = dialog().getByLabel(label, { exact: true }).locator('option:checked');
  return (await option.allTextContents()).join() === name;
});

async function logIn(on, login, password) {
  await on.goto('/');
  await on.getByLabel('Login name').fill(login);
  await field('Password', on).fill(password);
  await on.getByRole('button', { name: 'Log in', exact: true }).click();
}

async function me() {
  await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
  await page.getByRole('menuitem', { name: 'Personal information' }).click();
  await heading('Personal information').waitFor();
}

before(async () => {
  [box, browser] = await Promise.all([startBox(), launch()]);
  page = await fresh(browser, box);
});

after(async () => {
  await browser?.close();
  await box?.stop();
});

step('ALE-016: the first password is typed twice, and two that differ are not sent', async () => {
  await page.goto('/');
  await page.getByLabel('Setup code').fill(box.code);
  await page.getByLabel('Your company').fill('Example Telephones');
  await field('Name').fill('Alice Example');
  await field('E-mail address').fill('alice@example.com');
  await page.getByLabel('Login name').fill('alice');
  await field('Password').fill(PASSWORD);
  await field('Once more').fill(`${PASSWORD}x`);
  let asked = 0;
  page.on('request', (request) => (asked += request.method() === 'POST'));
  await page.getByText('The two are not the same.').waitFor();
  await page.getByRole('button', { name: 'Set up and log in' }).click();
  await inspect(page, 'users-setup-differs');
  assert.equal(asked, 0, 'nothing was sent');
  await field('Once more').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up and log in' }).click();
  await heading('Overview').waitFor();
});

step('ALE-019 ALE-020 ALE-021 ALE-022 ALE-023 ALE-024 ALE-025, YMC-022, YMC-023: what is one’s own is changed on one page', async () => {
  await me();
  for (const label of ['Login name', 'Account']) assert.equal(await field(label).getAttribute('readonly'), '', `ALE-025: ${label}`);
  await field('Telephone').fill('+43 1 234');
  await field('Country').fill('Austria');
  await field('E-mail address').fill('alice@example.org');
  await page.getByText('the old one is told by mail').waitFor();
  const password = page.getByRole('textbox', { name: /^Password/ });
  await password.fill('wrong');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').getByText('The password is wrong.').waitFor();
  await inspect(page, 'users-me-refused');
  await password.fill(PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  await password.waitFor({ state: 'detached' });
  await page.reload();
  assert.equal(await field('Country').inputValue(), 'Austria');
  assert.equal(await field('Telephone').inputValue(), '+43 1 234');
  await field('Present password').fill(PASSWORD);
  await field('New password').fill(OTHER);
  await field('Once more').fill('other');
  await page.getByText('The two are not the same.').waitFor();
  await field('Once more').fill(OTHER);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  await page.getByText('Here', { exact: true }).waitFor();
  await inspect(page, 'users-me');
});

step('AVA-046, AVA-048: a second factor that is required is set up before anything else, once', async () => {
  await link('Users').click();
  await page.getByRole('button', { name: 'Add user' }).click();
  // The name that is shown is first and last name where nothing else is said.
  await field('First name', dialog()).fill('Bob');
  await field('Last name', dialog()).fill('Builder');
  await dialog().getByLabel('E-mail address').fill('bob@example.com');
  await field('Login name', dialog()).fill('bob');
  await field('Temporary password', dialog()).fill(PASSWORD);
  await field('Once more', dialog()).fill(PASSWORD);
  await field('Telephone', dialog()).fill('+49 30 1');
  await field('Country', dialog()).fill('Germany');
  await dialog().getByLabel('Must have a second factor').check();
  await inspect(page, 'users-add');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await row('Bob Builder').waitFor();
  const bob = await fresh(browser, box);
  await logIn(bob, 'bob', PASSWORD);
  // AVA-173, YMC-008: first a password of one's own.
  await heading('Choose your own password', bob).waitFor();
  await inspect(bob, 'users-due-password');
  await field('Present password', bob).fill(PASSWORD);
  await field('New password', bob).fill(OTHER);
  await field('Once more', bob).fill(OTHER);
  await bob.getByRole('button', { name: 'Change password' }).click();
  await heading('Set up a second factor', bob).waitFor();
  const secret = await bob.locator('code').first().textContent();
  await inspect(bob, 'users-due-totp');
  await bob.getByLabel('Code').fill(totp(secret));
  await bob.getByRole('button', { name: 'Confirm' }).click();
  await bob.getByText('Keep these recovery codes').waitFor();
  const recovery = (await bob.locator('pre').textContent()).split('\n');
  await bob.getByRole('button', { name: 'I have kept them' }).click();
  await heading('Overview', bob).waitFor();
  // AVA-052, YMC-021: out is out.
  await bob.getByRole('banner').getByRole('button', { name: 'Bob Builder' }).click();
  await bob.getByRole('menuitem', { name: 'Log out' }).click();
  await heading('Log in', bob).waitFor();
  await logIn(bob, 'bob', OTHER);
  await bob.getByLabel('Code').fill('000000');
  await bob.getByRole('button', { name: 'Log in', exact: true }).click();
  await bob.getByRole('alert').waitFor();
  await bob.getByLabel('Code').fill(recovery[0]);
  await bob.getByRole('button', { name: 'Log in', exact: true }).click();
  await heading('Overview', bob).waitFor();
  await bob.context().close();
});

step('YMC-026, YMC-027, YMC-031, YMC-032, ALE-082, ALE-083, ALE-085: a role has a group, sites and operations', async () => {
  box.cli('site', 'add', 'Berlin');
  await link('Roles').click();
  await page.getByRole('button', { name: 'Groups of roles' }).click();
  await dialog().getByLabel('Name of a new group').fill('Field');
  await dialog().getByRole('button', { name: 'Add group' }).click();
  const item = dialog().getByRole('listitem').filter({ hasText: 'Field' });
  await item.getByRole('button', { name: 'Edit' }).click();
  await field('Name', dialog()).fill('Field staff');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByRole('listitem').filter({ hasText: 'Field staff' }).getByRole('button', { name: 'Remove' }).waitFor();
  // YMC-026: the one that came with the box is only shown.
  assert.equal(await dialog().getByRole('listitem').filter({ hasText: 'default' }).getByRole('button').count(), 0);
  await inspect(page, 'users-role-groups');
  await dialog().getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Add role' }).click();
  await field('Name').fill('Installer');
  await page.getByLabel('Group', { exact: true }).selectOption({ label: 'Field staff' });
  // ALE-085.
  await page.getByLabel('Select all').check();
  const boxes = page.locator('.grid').getByRole('checkbox');
  assert.ok((await boxes.count()) > 40);
  assert.equal(await page.locator('.grid').getByRole('checkbox', { checked: false }).count(), 0);
  await page.getByLabel('Select all').uncheck();
  assert.equal(await page.locator('.grid').getByRole('checkbox', { checked: true }).count(), 0);
  // ALE-082, ALE-083: what changes a thing brings its Read along, and takes it away again.
  for (const [write, read] of [
    ['Remove phones', 'See phones and what they would get'],
    ['Add profiles', 'See profiles'],
  ]) {
    await page.getByLabel(write).check();
    assert.ok(await page.getByLabel(read).isChecked(), read);
    assert.ok(await page.getByLabel(read).isDisabled(), 'it goes with what needs it');
    await page.getByLabel(write).uncheck();
    assert.ok(!(await page.getByLabel(read).isChecked()), read);
  }
  await page.getByLabel('Change phones, activate them, let them in again').check();
  const whole = page.getByText('audit.read: about the whole account');
  assert.equal(await whole.count(), 0);
  await page.getByLabel('All sites of the account').uncheck();
  await page.getByLabel('Berlin').check();
  await whole.waitFor();
  await inspect(page, 'users-role');
  await page.getByRole('button', { name: 'Save' }).click();
  await row('Installer').getByText('of 1 site').waitFor();
  await row('Installer').getByText('Field staff').waitFor();
  // YMC-028, YMC-029: the two of the box are shown and stay.
  await page.getByRole('button', { name: 'Super manager' }).click();
  await page.getByText('cannot be changed').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  await page.getByRole('button', { name: 'Back' }).click();
});

step('YMC-030, ALE-077, ALE-079: a user is added from a role, with profiles of their own', async () => {
  box.cli('profile', 'add', 'Desks');
  await page.getByRole('button', { name: 'Installer' }).click();
  await page.getByRole('link', { name: 'Add user with this role' }).click();
  await dialog().waitFor();
  await chosen('Role', 'Installer');
  await field('Name', dialog()).fill('Ina Installer');
  await dialog().getByLabel('E-mail address').fill('ina@example.com');
  await dialog().getByLabel('All profiles and their devices').uncheck();
  await dialog().getByLabel('Desks').check();
  await dialog().getByText('Permissions besides the role').click();
  await dialog().getByLabel('See who changed what').check();
  await inspect(page, 'users-add-from-role');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByText('It works once').waitFor();
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Ina Installer' }).click();
  assert.ok(await dialog().getByLabel('Desks').isChecked());
  await dialog().getByText('Permissions besides the role (1)').waitFor();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  // ALE-079: nobody else gets it.
  await page.getByRole('button', { name: 'Bob Builder' }).click();
  await dialog().getByLabel('All profiles and their devices').uncheck();
  await dialog().getByText('belongs to ina@example.com').waitFor();
  assert.ok(await dialog().getByLabel('Desks').isDisabled());
  await dialog().getByRole('button', { name: 'Cancel' }).click();
});

step('ALE-086, YMC-033, YMC-036: the list has its columns and is searched by the box', async () => {
  await page.goto('/users');
  await row('Bob Builder').waitFor();
  const heads = (await page.getByRole('columnheader').allInnerTexts()).filter(Boolean);
  for (const head of ['Name', 'State', 'E-mail address', 'Country', 'Role', 'Added', 'Operation']) {
    assert.ok(heads.some((one) => one.toLowerCase() === head.toLowerCase()), `${head} of ${heads}`);
  }
  await row('Bob Builder').getByText('bob@example.com').filter({ visible: true }).first().waitFor();
  await row('Bob Builder').getByText('+49 30 1').waitFor();
  await inspect(page, 'users-list');
  await page.getByRole('searchbox').fill('installer');
  await row('Bob Builder').waitFor({ state: 'detached' });
  await row('Ina Installer').waitFor();
  await page.getByRole('searchbox').fill('nobody like this');
  await page.getByText('No user matches').waitFor();
  await inspect(page, 'users-no-match');
  await page.getByRole('button', { name: 'Clear the search' }).click();
});

step('ALE-089, ALE-090: freezing asks first, shows, and is taken back', async () => {
  const bob = await fresh(browser, box);
  await row('Bob Builder').getByRole('button', { name: 'Freeze' }).click();
  await dialog().getByText('cannot log in until unfrozen').waitFor();
  await inspect(page, 'users-freeze');
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await row('Bob Builder').getByText('Active').waitFor();
  await row('Bob Builder').getByRole('button', { name: 'Freeze' }).click();
  await dialog().getByRole('button', { name: 'Freeze' }).click();
  await row('Bob Builder').getByText('Frozen').waitFor();
  await logIn(bob, 'bob', OTHER);
  await bob.getByRole('alert').getByText('The login name or the password is wrong.').waitFor();
  await row('Bob Builder').getByRole('button', { name: 'Unfreeze' }).click();
  await row('Bob Builder').getByText('Active').waitFor();
  await bob.context().close();
});

step('YMC-035: the password of another is reset, and their lost app taken away', async () => {
  await page.getByRole('button', { name: 'Bob Builder' }).click();
  await dialog().getByRole('button', { name: 'Take second factor away' }).click();
  await dialog().getByText('Do this when theirs is lost').waitFor();
  await dialog().getByRole('button', { name: 'Take second factor away' }).click();
  await until('the dialogs are closed', async () => (await page.getByRole('dialog').count()) === 0);
  await page.getByRole('button', { name: 'Bob Builder' }).click();
  await dialog().getByRole('button', { name: 'Link for a new password' }).click();
  const href = await dialog().getByText('#code=').textContent();
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  // AVA-044: the new one is typed twice here too.
  const bob = await fresh(browser, box);
  await bob.goto(href);
  await field('New password', bob).fill(PASSWORD);
  await field('Once more', bob).fill('x');
  await bob.getByText('The two are not the same.').waitFor();
  await inspect(bob, 'users-reset');
  await field('Once more', bob).fill(PASSWORD);
  await bob.getByRole('button', { name: 'Save' }).click();
  await bob.getByText('Your password is set').waitFor();
  // ALE-029, ALE-030.
  await bob.getByRole('link', { name: 'To the login' }).click();
  await logIn(bob, 'bob', PASSWORD);
  await heading('Set up a second factor', bob).waitFor();
  await bob.goto(href);
  await field('New password', bob).fill(OTHER);
  await field('Once more', bob).fill(OTHER);
  await bob.getByRole('button', { name: 'Save' }).click();
  await bob.getByRole('alert').getByText('The link does not work').waitFor();
  await bob.context().close();
});

step('ALE-087, AVA-177: several are removed together, after a word', async () => {
  await page.goto('/users');
  await row('Ina Installer').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Remove/ }).count(), 0, 'nobody is chosen yet');
  assert.equal(await page.getByLabel('Choose Alice Example').count(), 0, 'nobody removes oneself');
  await page.getByLabel('Choose Bob Builder').check();
  await page.getByLabel('Choose Ina Installer').check();
  await page.getByRole('button', { name: 'Remove 2 users' }).click();
  await dialog().getByText('cannot be restored').waitFor();
  await inspect(page, 'users-remove');
  await dialog().getByRole('button', { name: 'Remove 2 users' }).click();
  await row('Bob Builder').waitFor({ state: 'detached' });
  await row('Ina Installer').waitFor({ state: 'detached' });
  await row('Alice Example').waitFor();
});

step('AVA-171, AVA-172: the administrators of an account below are kept from here', async () => {
  const added = await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/v1/session')).json();
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
    const answer = await fetch('/api/v1/accounts', { method: 'POST', headers, body: JSON.stringify({ kind: 'reseller', name: 'Harbour Resale' }) });
    return answer.status;
  });
  assert.equal(added, 201);
  await page.reload();
  await page.getByLabel('Account', { exact: true }).selectOption({ label: 'Harbour Resale' });
  await page.getByText('No user here yet').waitFor();
  await inspect(page, 'users-of-account');
  await page.getByRole('button', { name: 'Add user' }).click();
  await chosen('Account', 'Harbour Resale');
  await field('Name', dialog()).fill('Hana Harbour');
  await dialog().getByLabel('E-mail address').fill('hana@example.com');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByText('It works once').waitFor();
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  // AVA-172: account, first and last name, address, login name, temporary password twice, language.
  await page.getByRole('button', { name: 'Add user' }).click();
  await dialog().getByLabel('Account', { exact: true }).selectOption({ label: 'Harbour Resale' });
  const words = { 'First name': 'Hugo', 'Last name': 'Hafen', 'E-mail address': 'hugo@example.com', 'Login name': 'hugo', 'Temporary password': PASSWORD };
  for (const [label, text] of Object.entries(words)) await field(label, dialog()).fill(text);
  await dialog().getByLabel('Language').selectOption({ label: 'Deutsch' });
  await field('Once more', dialog()).fill(`${PASSWORD}x`);
  await dialog().getByText('The two are not the same.').waitFor();
  await field('Once more', dialog()).fill(PASSWORD);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await row('Hugo Hafen').waitFor();
  await page.getByRole('button', { name: 'Hugo Hafen' }).click();
  await field('Last name', dialog()).fill('Harbour');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await row('Hugo Harbour').waitFor();
  await page.goto('/users');
  await row('Alice Example').waitFor();
  assert.equal(await row('Hana Harbour').count(), 0);
});

step('ALE-091 ALE-092 ALE-093, YMC-173: a key has scopes, an end, networks and a callback address', async () => {
  await link('API keys').click();
  await page.getByText('No API key yet').waitFor();
  await page.getByRole('button', { name: 'Add API key' }).click();
  await field('Name', dialog()).fill('Inventory');
  await dialog().getByLabel('Expires').fill('2031-05-01');
  await dialog().getByLabel('Only from these networks').fill('192.0.2.0/24, 198.51.100.7/32');
  await dialog().getByLabel('Callback address').fill('https://127.0.0.1/events');
  await dialog().getByLabel('Select all').check();
  await dialog().getByLabel('Select all').uncheck();
  await dialog().getByLabel('Add and change sites').check();
  await dialog().getByRole('button', { name: 'Make' }).click();
  // What is refused is said in the box's words, with the number of the request.
  await dialog().getByRole('alert').getByText(/127\.0\.0\.1/).first().waitFor();
  await dialog().getByRole('alert').getByText(/^Request [0-9a-f]{12}$/).waitFor();
  await inspect(page, 'users-key-refused');
  await dialog().getByLabel('Callback address').fill('https://pbx.example/events');
  await dialog().getByRole('button', { name: 'Make' }).click();
  await dialog().getByText('shown this once').waitFor();
  const [id, secret] = await dialog().locator('code').allTextContents();
  assert.match(id, /^PB[0-9A-F]{18}$/);
  assert.match(secret, /^pb_[0-9a-f]{64}$/);
  await inspect(page, 'users-key-secret');
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const item = page.getByRole('listitem').filter({ hasText: 'Inventory' });
  for (const text of ['2 permissions', '192.0.2.0/24', 'https://pbx.example/events']) await item.getByText(text).waitFor();
  assert.doesNotMatch(await page.content(), new RegExp(secret));
  await inspect(page, 'users-keys');
  await item.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await dialog().getByLabel('Expires').inputValue(), '2031-05-01');
  await dialog().getByLabel('Callback address').fill('');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await item.getByText('https://pbx.example/events').waitFor({ state: 'detached' });
  await item.getByRole('button', { name: 'New secret' }).click();
  await dialog().getByRole('button', { name: 'New secret' }).click();
  await dialog().getByText('shown this once').waitFor();
  const [sameId, newer] = await dialog().locator('code').allTextContents();
  assert.equal(sameId, id);
  assert.notEqual(newer, secret);
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  await item.getByRole('button', { name: 'Remove' }).click();
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No API key yet').waitFor();
});

step('AVA-169: the API is described at /apidocs/', async () => {
  await page.getByRole('link', { name: 'API documentation' }).click();
  await heading(/^API \d/).waitFor();
  assert.match(page.url(), /\/apidocs\/$/);
  await page.reload();
  await page.getByRole('searchbox').fill('user.delete remove');
  const one = page.locator('details').filter({ hasText: '/api/v1/users/remove' });
  await one.locator('summary').click();
  await one.getByText('Needs the permission `user.delete`.').waitFor();
  await one.getByText('ids', { exact: true }).waitFor();
  await inspect(page, 'users-apidocs');
  await page.getByRole('searchbox').fill('no such operation');
  await page.getByText('No operation matches').waitFor();
});

step('ALE-018, YMC-007, YMC-193: the door has what one may need before it', async () => {
  const nobody = await fresh(browser, box);
  await nobody.goto('/');
  await nobody.getByLabel('Login name').fill('alice');
  for (const name of ['Forgotten password?', 'Privacy policy', 'Documents', 'Feedback']) await nobody.getByRole('link', { name }).waitFor();
  await nobody.getByRole('button', { name: 'Language' }).waitFor();
  await inspect(nobody, 'users-login');
  // ALE-026: the name that was typed is there already.
  await nobody.getByRole('link', { name: 'Forgotten password?' }).click();
  // The page of the login has such a field too, until the next one is there.
  await nobody.getByRole('button', { name: 'Ask for a link' }).waitFor();
  assert.equal(await nobody.getByLabel('Login name').inputValue(), 'alice');
  await nobody.getByRole('button', { name: 'Ask for a link' }).click();
  await nobody.getByText('If there is such a user').waitFor();
  await inspect(nobody, 'users-forgotten');
  await nobody.getByRole('link', { name: 'To the login' }).click();
  // T59: nothing in an address leads elsewhere after the login.
  await nobody.goto('/?next=https://evil.example/&return_to=//evil.example');
  await nobody.getByLabel('Login name').fill('alice');
  await field('Password', nobody).fill(OTHER);
  await nobody.getByRole('button', { name: 'Log in', exact: true }).click();
  await heading('Overview', nobody).waitFor();
  assert.equal(new URL(nobody.url()).origin, box.url);
  await nobody.context().close();
});

step('sessions are seen and ended, one by one and all at once', async () => {
  const second = await fresh(browser, box);
  await logIn(second, 'alice', OTHER);
  await heading('Overview', second).waitFor();
  await me();
  await page.getByText(/by password since/).first().waitFor();
  const before = await page.getByRole('button', { name: 'End', exact: true }).count();
  assert.ok(before >= 1);
  await page.getByRole('button', { name: 'End', exact: true }).first().click();
  await until('one fewer', async () => (await page.getByRole('button', { name: 'End', exact: true }).count()) === before - 1);
  await page.getByRole('button', { name: 'Log out everywhere' }).click();
  await dialog().getByRole('button', { name: 'Log out everywhere' }).click();
  await heading('Log in').waitFor();
  await second.goto('/users');
  await heading('Log in', second).waitFor();
  await second.context().close();
});

step('AVA-175: whoever logs in is spoken to in their own language, in every word', async () => {
  await logIn(page, 'alice', OTHER);
  await me();
  // The header has a button of that name, before the form is there.
  await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
  await page.getByRole('button', { name: 'Save' }).click();
  await heading('Persönliche Angaben').waitFor();
  const german = await fresh(browser, box, { locale: 'en-GB' });
  await logIn(german, 'alice', OTHER);
  await heading('Übersicht', german).waitFor();
  const pages = { '/users': 'Benutzer', '/roles': 'Rollen', '/keys': 'API-Schlüssel', '/me': 'Persönliche Angaben', '/apidocs/': /^API/ };
  for (const [path, name] of Object.entries(pages)) {
    await german.goto(path);
    await heading(name, german).waitFor();
    await loaded(german);
    await inspect(german, `users-german${path.replaceAll('/', '-')}`);
  }
  await german.goto('/roles');
  await german.getByRole('button', { name: 'Rolle anlegen' }).click();
  await german.getByLabel('Telefone entfernen').waitFor();
  const words = await german.locator('.grid label').allInnerTexts();
  assert.ok(words.length > 40);
  assert.deepEqual(words.filter((text) => /\b(See|Add|Change|Remove|phones|the)\b/.test(text)), []);
  await inspect(german, 'users-german-role');
  await german.context().close();
});

step('a person with a certificate finds a button for it, and is told when it opens nothing', async () => {
  const { execFileSync } = await import('node:child_process');
  const { mkdtempSync, readFileSync } = await import('node:fs');
  const dir = mkdtempSync('/tmp/phonebox-ca-');
  const openssl = (words) => execFileSync('openssl', words.split(' '), { cwd: dir, stdio: 'pipe' });
  openssl('req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Company');
  openssl('req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.csr -subj /CN=alice');
  openssl('x509 -req -in a.csr -CA ca.pem -CAkey ca.key -days 30 -out a.pem');
  const status = await page.evaluate(async (pem) => {
    const { csrf } = await (await fetch('/api/v1/session')).json();
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
    return (await fetch('/api/v1/accounts/1', { method: 'PATCH', headers, body: JSON.stringify({ client_ca: pem }) })).status;
  }, readFileSync(`${dir}/ca.pem`, 'utf8'));
  assert.equal(status, 200);
  const without = await fresh(browser, box);
  await without.goto('/');
  await without.getByRole('button', { name: 'Log in with a certificate' }).click();
  await without.getByRole('alert').getByText('no client certificate').waitFor();
  await inspect(without, 'users-certificate-refused');
  await without.context().close();
  // AVA-038: no password is asked.
  const clientCertificates = [{ origin: box.url, certPath: `${dir}/a.pem`, keyPath: `${dir}/a.key` }];
  const alice = await fresh(browser, box, { clientCertificates });
  await alice.goto('/');
  await alice.getByRole('button', { name: /certificate|Zertifikat/ }).click();
  await heading(/Übersicht|Overview/, alice).waitFor();
  await alice.context().close();
});

step('no page has anything serious, sticks out or complains', () => assert.deepEqual(seen, []));
