// Each role sees only its own: what the navigation offers, and what comes of an address that is typed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBox, until } from './box.mjs';
import { api, inspect, launch, loaded, logIn, make, setUp } from './browser.mjs';

const FIRST = 'First-w0rd';
let box, browser, alice;
const people = {};

const BOX = ['Waiting', 'Networks'];
const ALL = {
  '/devices': 'Devices', '/waiting': 'Waiting', '/sites': 'Sites', '/profiles': 'Profiles', '/networks': 'Networks', '/log': 'Live log',
  '/alarms': 'Alarms', '/audit': 'Audit', '/accounts': 'Accounts', '/users': 'Users', '/roles': 'Roles', '/keys': 'API keys', '/mail': 'Mail',
};

before(async () => {
  [box, browser] = await Promise.all([startBox(), launch()]);
  alice = await setUp(browser, box);
  const user = (login, more) => make(alice, 'POST', '/users', { login, name: login, email: `${login}@example.com`, password: FIRST, ...more });
  const reseller = await make(alice, 'POST', '/accounts', { kind: 'reseller', name: 'Harbour Resale' });
  await user('reseller', { account_id: reseller.id });
  const roles = await make(alice, 'GET', '/roles');
  const empty = roles.find((role) => role.built_in && role.permissions.length === 0);
  assert.ok(empty, JSON.stringify(roles));
  await user('nobody', { role_id: empty.id });
  const readers = (await make(alice, 'GET', '/permissions')).map(({ word, name }) => word ?? name).filter((word) => word.endsWith('.read'));
  const reader = await make(alice, 'POST', '/roles', { name: 'Reader', permissions: readers });
  await user('reader', { role_id: reader.id });
  await make(alice, 'POST', '/devices', { mac: '805ec0cc0001', name: 'Of the provider' });
  people.reseller = await logIn(browser, box, 'reseller', FIRST);
  const customer = await make(people.reseller, 'POST', '/accounts', { kind: 'customer', name: 'Bakery Huber' });
  await make(people.reseller, 'POST', '/users', { account_id: customer.id, login: 'customer', name: 'customer', email: 'customer@example.com', password: FIRST });
  await make(people.reseller, 'POST', '/devices', { mac: '805ec0cc0002', name: 'Of the reseller' });
  for (const login of ['customer', 'nobody', 'reader']) people[login] = await logIn(browser, box, login, FIRST);
  await make(people.customer, 'POST', '/devices', { mac: '805ec0cc0003', name: 'Of the customer' });
  people.provider = alice;
});

after(async () => {
  await browser?.close();
  await box?.stop();
});

const offered = async (page) => {
  await page.goto('/');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await loaded(page);
  const names = await page.getByRole('navigation', { name: 'Menu' }).getByRole('link').allInnerTexts();
  // Without the count beside the name.
  return names.map((name) => name.split('\n')[0]);
};

/** What the typed address shows: its page, or the box's refusal. */
async function typed(page, address) {
  await page.goto(address);
  const shown = page.getByRole('heading', { level: 1 }).or(page.getByRole('main').getByRole('alert'));
  await shown.first().waitFor();
  await loaded(page);
  return page.getByRole('main').innerText();
}

/** The same where the box refuses: its words come after the heading. */
async function refused(page, address) {
  await typed(page, address);
  await page.getByRole('main').getByText(/not allowed|may not|permission/i).first().waitFor();
  return page.getByRole('main').innerText();
}

test('ALE-038: overview, devices, profiles, logs, system, in this order', async () => {
  const names = await offered(alice);
  const places = ['Overview', 'Devices', 'Profiles', 'Live log', 'Users', 'API keys'].map((name) => names.indexOf(name));
  assert.ok(places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])), names.join());
});

test('a provider is offered everything, a reseller and a customer all but the box itself', async () => {
  const provider = await offered(people.provider);
  for (const name of Object.values(ALL)) assert.ok(provider.includes(name), name);
  for (const who of ['reseller', 'customer']) {
    const names = await offered(people[who]);
    for (const name of BOX) assert.ok(!names.includes(name), `${who} is offered ${name}`);
    for (const name of ['Devices', 'Sites', 'Profiles', 'Live log', 'Alarms', 'Audit', 'Users', 'Roles']) assert.ok(names.includes(name), `${who} lacks ${name}`);
    await inspect(people[who], `role-${who}`);
  }
});

test('AVA-050: the number of charts depends on the kind of account', async () => {
  const charts = async (page) => {
    await offered(page);
    await page.getByRole('region', { name: 'Models' }).waitFor();
    return page.getByRole('region').filter({ has: page.getByRole('heading', { level: 2 }) }).evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  };
  const [provider, reseller, customer] = [await charts(people.provider), await charts(people.reseller), await charts(people.customer)];
  assert.ok(provider.includes('Accounts below') && reseller.includes('Accounts below') && !customer.includes('Accounts below'));
  const kinds = (page) => page.getByRole('region', { name: 'Accounts below' }).innerText();
  assert.match(await kinds(people.provider), /Reseller[\s\S]*Customer/);
  assert.doesNotMatch(await kinds(people.reseller), /Reseller/);
  assert.ok(provider.length > customer.length);
});

test('an empty manager is told whom to ask, and is shown nothing at any address', async () => {
  const page = people.nobody;
  assert.deepEqual(await offered(page), ['Overview']);
  await page.getByText('Your role shows nothing here yet').waitFor();
  assert.equal(await page.getByText('Of the provider').count(), 0);
  await inspect(page, 'role-empty');
  for (const address of [...Object.keys(ALL), '/devices/805ec0cc0001'].filter((one) => one !== '/mail')) {
    const text = await refused(page, address);
    assert.doesNotMatch(text, /Of the provider|Harbour|Bakery/, address);
  }
  // What is everybody's own works.
  assert.match(await typed(page, '/me'), /Personal information/);
  assert.match(await typed(page, '/about'), /Phonebox/);
  assert.equal((await api(page, 'GET', '/devices')).status, 403);
});

test('whoever may only look finds nothing to change', async () => {
  const page = people.reader;
  const names = await offered(page);
  for (const name of ['Devices', 'Sites', 'Profiles', 'Networks', 'Alarms', 'Audit', 'Users']) assert.ok(names.includes(name), name);
  for (const [address, words] of [['/devices', 'Add device'], ['/sites', 'Add site'], ['/profiles', 'Add profile'], ['/networks', 'Add network']]) {
    await typed(page, address);
    assert.equal(await page.getByRole('button', { name: words }).count(), 0, words);
  }
  await page.goto('/devices/805ec0cc0001');
  await page.getByRole('heading', { level: 1, name: 'Of the provider' }).waitFor();
  for (const name of ['Edit', 'Remove', 'Block', 'Activate']) assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
  await inspect(page, 'role-reader');
  // Not only hidden.
  assert.equal((await api(page, 'DELETE', '/devices/805ec0cc0001')).status, 403);
  assert.equal((await api(page, 'POST', '/sites', { name: 'Mine' })).status, 403);
});

test('AVA-021: nobody finds the devices of others, not by list, not by address', async () => {
  const own = { provider: '805ec0cc0001', reseller: '805ec0cc0002', customer: '805ec0cc0003' };
  for (const who of Object.keys(own)) {
    const page = people[who];
    await typed(page, '/devices');
    await page.getByRole('row').getByRole('link', { name: `Of the ${who}` }).waitFor();
    await until(`one device of ${who}`, async () => (await page.getByRole('row').count()) === 2);
    for (const [other, mac] of Object.entries(own).filter(([other]) => other !== who)) {
      const text = await typed(page, `/devices/${mac}`);
      assert.doesNotMatch(text, new RegExp(`Of the ${other}`), `${who} at ${mac}`);
    }
    for (const address of ['/waiting', '/networks'].filter(() => who !== 'provider')) {
      await refused(page, address);
    }
  }
  await until('nobody complains', () => Object.values(people).every((page) => page.complaints.length === 0));
});
