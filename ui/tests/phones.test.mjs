// What an installer does with phones, and what the frame of every page offers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { agent, boot, startBox, until } from './box.mjs';
import { fresh, inspect, launch, loaded, logIn, make, PASSWORD, setUp } from './browser.mjs';
import { story } from './story.mjs';

const NEW = '805ec0bb0001';
const OLD = '805ec0bb0002';
const KEYBOARD = '805ec0bb0003';
const VERSION = readFileSync(new URL('../../Cargo.toml', import.meta.url), 'utf8').match(/^version = "(.+)"/m)[1];
let box, browser, page;

const step = story(() => browser);

const heading = (name, on = page) => on.getByRole('heading', { level: 1, name, exact: true });
const link = (name) => page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name, exact: true });
const section = (name) => page.getByRole('region', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const quiet = () => loaded(page);
const menu = async (item) => {
  await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

before(async () => {
  [box, browser] = await Promise.all([startBox('--feedback', 'help@example.org'), launch()]);
  page = await setUp(browser, box);
  await heading('Overview').waitFor();
});

after(async () => {
  await browser?.close();
  await box?.stop();
});

step('ALE-018 AVA-028 YMC-007: before the login there are a language, a way back in, and something to read', async () => {
  const stranger = await fresh(browser, box);
  await stranger.goto('/');
  await heading('Log in', stranger).waitFor();
  await make(page, 'PUT', '/sign-up', { open: true });
  await stranger.reload();
  const foot = stranger.getByRole('contentinfo');
  for (const name of ['Sign up', 'Privacy policy', 'Feedback', 'Documents', 'Help']) await foot.getByRole('link', { name }).waitFor();
  await stranger.getByRole('link', { name: 'Forgotten password?' }).waitFor();
  await inspect(stranger, 'login-with-foot');
  await stranger.getByRole('button', { name: 'Language' }).click();
  await stranger.getByRole('menuitem', { name: 'Deutsch' }).click();
  await heading('Anmelden', stranger).waitFor();
  await foot.getByRole('link', { name: 'Rückmeldung' }).click();
  // ALE-094.
  assert.equal(await stranger.getByRole('link', { name: 'help@example.org' }).getAttribute('href'), 'mailto:help@example.org');
  await foot.getByRole('link', { name: 'Dokumente' }).click();
  await stranger.getByRole('link', { name: 'Handbuch' }).waitFor();
  const [policy] = await Promise.all([stranger.waitForEvent('popup'), foot.getByRole('link', { name: 'Datenschutz' }).click()]);
  await policy.getByRole('heading', { level: 2, name: 'Datenschutz' }).waitFor();
  await make(page, 'PUT', '/sign-up', { open: false });
  await stranger.context().close();
});

step('AVA-052 AVA-053 AVA-055 ALE-019 ALE-037 YMC-012: the menu of the person', async () => {
  await page.getByRole('banner').getByRole('button', { name: 'Alice Example' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).waitFor();
  const items = await page.getByRole('menuitem').allInnerTexts();
  assert.deepEqual(items, ['Personal information', 'Help', 'What’s new', 'Documents', 'Feedback', 'About', 'Log out']);
  await inspect(page, 'person-menu');
  await page.getByRole('menuitem', { name: 'About' }).click();
  await heading('About').waitFor();
  await page.getByText(`Phonebox ${VERSION}`).waitFor();
  // YMC-017: no trial, no licence; what is not there says so.
  await page.getByText('There is no licence and no trial').waitFor();
  await page.getByText('Not in this version').first().waitFor();
  await inspect(page, 'about');
  const [help] = await Promise.all([page.waitForEvent('popup'), menu('Help')]);
  await heading('Help', help).waitFor();
  await help.getByRole('heading', { level: 2, name: 'First steps' }).waitFor();
  await help.close();
});

step('AVA-005: what is new tells of the running release', async () => {
  await menu('What’s new');
  await heading('What’s new').waitFor();
  await page.getByText(`In version ${VERSION}`).waitFor();
  await page.getByText('gives desk phones on your network their own files').waitFor();
  await inspect(page, 'news');
});

step('ALE-094 ALE-095: documents can be downloaded, and feedback names an address', async () => {
  await menu('Documents');
  await heading('Documents').waitFor();
  await inspect(page, 'documents');
  for (const [name, file, words] of [
    ['Manual', 'phonebox-manual.md', '# Phonebox'],
    ['Supported phones', 'phonebox-supported-phones.md', 'Yealink'],
    ['Description of the API', 'phonebox-openapi.json', '"openapi"'],
  ]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
    assert.equal(download.suggestedFilename(), file);
    assert.ok(readFileSync(await download.path(), 'utf8').includes(words), file);
  }
  await menu('Feedback');
  await page.getByRole('link', { name: 'help@example.org' }).waitFor();
  await inspect(page, 'feedback');
});

step('AVA-054 AVA-056: each screen has its section of the help, in a new tab, in ten languages', async () => {
  for (const [name, section] of [['Devices', 'Devices'], ['Waiting', 'Waiting and networks'], ['Live log', 'Live log and alarms'], ['Audit', 'Audit']]) {
    await link(name).click();
    await heading(name).waitFor();
    const [help] = await Promise.all([page.waitForEvent('popup'), page.getByRole('main').getByRole('link', { name: 'Help', exact: true }).click()]);
    help.complaints = [];
    const title = help.getByRole('heading', { level: 2, name: section, exact: true });
    await title.waitFor();
    await until('the section is in view', () => title.evaluate((title) => title.getBoundingClientRect().top >= 0 && title.getBoundingClientRect().top < window.innerHeight));
    if (name === 'Audit') {
      for (const [language, words] of [['Français', 'Premiers pas'], ['Italiano', 'Primi passi'], ['Deutsch', 'Erste Schritte'], ['Русский', 'Первые шаги'], ['简体中文', '入门'], ['日本語', 'はじめに'], ['한국어', '첫걸음'], ['Español', 'Primeros pasos'], ['Português (Brasil)', 'Primeiros passos'], ['English', 'First steps']]) {
        await help.getByLabel('Language of the help').selectOption({ label: language });
        await help.getByRole('heading', { level: 2, name: words, exact: true }).waitFor();
        if (language === '日本語') await inspect(help, 'help-japanese');
      }
      await inspect(help, 'help');
    }
    await help.close();
  }
});

step('AVA-051 YMC-009 YMC-011: home and the devices are one click away from everywhere', async () => {
  for (const place of ['/audit', '/about', '/sites', '/devices/805ec0bbffff']) {
    await page.goto(place);
    await page.getByRole('banner').getByRole('link', { name: 'Devices', exact: true }).click();
    await heading('Devices').waitFor();
    await page.goto(place);
    await page.getByRole('banner').getByRole('link', { name: 'Home', exact: true }).click();
    await heading('Overview').waitFor();
  }
});

step('a network is added on the page, and a first phone is adopted without a console', async () => {
  await link('Networks').click();
  await heading('Networks').waitFor();
  await page.getByText('No network is listed').waitFor();
  await inspect(page, 'networks-empty');
  await page.getByRole('button', { name: 'Add network' }).first().click();
  await dialog().getByLabel('Network', { exact: false }).first().fill('127.0.0.0/8');
  await inspect(page, 'network-add');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await page.getByRole('listitem').getByText('Unknown phones wait for your word.').waitFor();
  await dialog().waitFor({ state: 'detached' });
  await inspect(page, 'networks');
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 404);
  await link('Waiting').click();
  await page.getByRole('row').filter({ hasText: '80:5e:c0:bb:00:01' }).getByRole('button', { name: 'Adopt' }).click();
  await dialog().getByLabel('Name').fill('Reception');
  await dialog().getByRole('button', { name: 'Adopt' }).click();
  await heading('Reception').waitFor();
  await boot(box, NEW);
});

step('sites and profiles: added, changed, refused in the box’s words, removed', async () => {
  await link('Profiles').click();
  await heading('Profiles').waitFor();
  await page.getByRole('button', { name: 'Add profile' }).click();
  await dialog().getByLabel(/^Name/).fill('Elsewhere');
  await dialog().getByLabel('Provisioning URL').fill('ftp://nowhere');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().getByRole('alert').getByText(/https?:\/\//).first().waitFor();
  await dialog().getByRole('alert').getByText(/^Request /).waitFor();
  await dialog().getByLabel('Provisioning URL').fill('https://user:hunter2@server.example:8443/phones');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await page.getByText('https://server.example:8443/phones/').waitFor();
  await dialog().waitFor({ state: 'detached' });
  assert.doesNotMatch(await page.content(), /hunter2/);
  await inspect(page, 'profiles');
  await page.getByRole('button', { name: 'Elsewhere' }).click();
  await dialog().getByRole('button', { name: 'Add target' }).click();
  await inspect(page, 'profile-target');
  await dialog().getByRole('button', { name: 'Save' }).first().click();
  await dialog().getByText('This box').waitFor();
  await dialog().getByLabel('Least proof for passwords').selectOption({ label: 'a certificate' });
  await dialog().getByRole('checkbox', { name: 'Passwords only over HTTPS' }).check();
  await inspect(page, 'profile');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
  await page.getByText('Passwords: a certificate.').waitFor();
  const profile = (await make(page, 'GET', '/profiles/Elsewhere'));
  assert.equal(profile.secrets_tls_only, true);
  assert.equal(profile.targets.length, 2);
  assert.equal(profile.targets[0].password_set, true);
  // AVA-100 and AVA-101: off until it is switched on, in the list.
  const certificates = page.getByRole('switch', { name: 'Give certificates: Elsewhere' });
  assert.equal(await certificates.isChecked(), false);
  await certificates.click({ force: true });
  await until('the switch holds', async () => (await make(page, 'GET', '/profiles/Elsewhere')).certificates && (await certificates.isChecked()));
  assert.equal((await make(page, 'GET', '/profiles/default')).certificates, false, 'only that profile');

  await link('Sites').click();
  await heading('Sites').waitFor();
  await page.getByRole('button', { name: 'Add site' }).click();
  await dialog().getByLabel(/^Name/).fill('Linz');
  await dialog().getByLabel('Profile').selectOption('Elsewhere');
  await inspect(page, 'site-add');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row').filter({ hasText: 'Linz' }).getByText('Elsewhere').filter({ visible: true }).first().waitFor();
  await inspect(page, 'sites');
  await link('Profiles').click();
  await heading('Profiles').waitFor();
  await page.getByRole('button', { name: 'Elsewhere' }).click();
  const dialogs = (count) => until(`${count} dialogs`, async () => (await dialog().count()) === count);
  await dialog().getByRole('button', { name: 'Remove' }).last().click();
  await dialogs(2);
  await dialog().last().getByRole('button', { name: 'Remove' }).click();
  await page.getByText('is still in use by 1 sites').waitFor();
  await page.keyboard.press('Escape');
  await dialogs(1);
  await page.keyboard.press('Escape');
  await dialogs(0);
  await link('Sites').click();
  await page.getByRole('button', { name: 'Linz' }).click();
  await dialog().getByLabel('Profile').selectOption({ label: 'No profile: nothing is served' });
  await dialog().getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row').filter({ hasText: 'Linz' }).getByText('No profile').filter({ visible: true }).first().waitFor();
});

step('ALE-032 ALE-033 ALE-034 ALE-035 ALE-036 YMC-189: a MAC address is checked', async () => {
  // Another company on the box has one.
  const { id } = await make(page, 'POST', '/accounts', { kind: 'customer', name: 'Bakery Huber' });
  const below = { account_id: id, login: 'huber', name: 'Hans Huber', email: 'huber@example.com', password: 'First-w0rd' };
  await make(page, 'POST', '/users', below);
  const huber = await logIn(browser, box, 'huber', 'First-w0rd');
  await make(huber, 'POST', '/devices', { mac: '805ec0bb00cc' });
  await huber.context().close();
  await make(page, 'POST', '/devices', { mac: '805ec0bb00aa', name: 'Without', site: 'Linz' });
  await link('Overview').click();
  await heading('Overview').waitFor();
  const field = page.getByRole('textbox', { name: 'MAC address' });
  for (const [mac, says] of [
    ['80:5e:c0:bb:ff:ff', 'Device does not exist'],
    ['80-5E-C0-BB-00-01', 'Device Bound'],
    ['805ec0bb00aa', 'Device Unbound'],
    ['805e.c0bb.00cc', 'Device has been bound by other enterprise'],
  ]) {
    await field.fill(mac);
    await page.getByRole('button', { name: 'Check Device' }).click();
    await page.getByRole('status').getByText(says, { exact: true }).waitFor();
    // Without revealing whom.
    assert.doesNotMatch(await page.getByRole('main').innerText(), /Huber/);
    if (says === 'Device Bound') await inspect(page, 'check');
  }
  await field.fill('80:5e');
  await page.getByRole('button', { name: 'Check Device' }).click();
  await page.getByRole('alert').getByText('Write it like 805ec0aabb01').waitFor();
});

step('YMC-003 YMC-018 YMC-019 YMC-020: models and firmware with their proportion, each with a way to its list', async () => {
  box.cli('device', 'add', OLD, '--name', 'Old one', '--activate');
  const older = (mac) => `Yealink SIP-T46S 66.83.0.10 ${mac}`;
  await (await box.ask(`${OLD}.cfg`, older(OLD))).text();
  box.cli('device', 'set', OLD, '--vendor', 'yealink', '--model', 'T46S');
  box.cli('device', 'set', NEW, '--vendor', 'yealink', '--model', 'T54W');
  // What a stranger says of somebody else's phone is not believed.
  assert.equal((await box.ask('805ec0bb00aa.cfg', 'Yealink SIP-T46S 66.99.9.9 805ec0bb00aa')).status, 404);
  await page.goto('/');
  await until('the firmware is counted', async () => {
    await page.reload();
    await section('Firmware').waitFor();
    await quiet();
    return (await section('Firmware').innerText()).includes('66.83.0.10');
  });
  const models = await section('Models').innerText();
  assert.match(models, /Yealink T46S\s+1 33%/);
  assert.match(models, /Yealink T54W\s+1 33%/);
  const firmware = await section('Firmware').innerText();
  assert.match(firmware, /66\.83\.0\.10\s+1 33%/);
  assert.match(firmware, /96\.86\.0\.100\s+1 33%/);
  assert.doesNotMatch(firmware, /66\.99/);
  await inspect(page, 'overview');
  await section('Firmware').getByRole('link', { name: 'View: 66.83.0.10' }).click();
  await heading('Devices').waitFor();
  assert.match(page.url(), /firmware=66\.83\.0\.10/);
  await page.getByRole('row').getByRole('link', { name: 'Old one' }).waitFor();
  await until('only that one, below the head', async () => (await page.getByRole('row').count()) === 2);
  await inspect(page, 'devices-filtered');
  await page.getByRole('button', { name: 'Without Firmware 66.83.0.10' }).click();
  await page.getByRole('row').getByRole('link', { name: 'Reception' }).waitFor();
  await page.goto('/');
  await section('Models').getByRole('link', { name: 'View: Yealink T54W' }).click();
  await page.getByRole('row').getByRole('link', { name: 'Reception' }).waitFor();
  await until('only that one, below the head', async () => (await page.getByRole('row').count()) === 2);
  await page.getByRole('row').getByRole('link', { name: 'Reception' }).click();
  await heading('Reception').waitFor();
  assert.equal(await page.getByText('Look at its firmware').count(), 0);
  await page.goto(`/devices/${OLD}`);
  await page.getByText('66.83.0.10 older than XX.83.0.30, the least for this model').waitFor();
  await inspect(page, 'device-firmware');
});

step('AVA-049 ALE-031 YMC-013: tiles count devices, SIP accounts, sites, profiles, accounts and files, and open what they count', async () => {
  const { sip_accounts: before } = await make(page, 'GET', '/overview');
  for (const user of ['901', '902']) await make(page, 'POST', '/sip-accounts', { user });
  await page.goto('/');
  const tile = (name) => page.getByRole('main').getByRole('link', { name: new RegExp(`^\\d+ ${name}$`) });
  const read = async (name) => Number((await tile(name).innerText()).match(/\d+/)[0]);
  await tile('Devices').waitFor();
  assert.deepEqual([await read('Devices'), await read('Sites'), await read('Profiles'), await read('Accounts below')], [3, 2, 2, 1]);
  // In YMCS an account is a SIP account; here each is shown with its phone.
  assert.equal(await read('SIP accounts'), before + 2);
  await tile('SIP accounts').click();
  await heading('Devices').waitFor();
  await page.goto('/');
  await page.getByRole('main').getByText('Files for phones').first().waitFor();
  for (const name of ['Sites', 'Profiles', 'Devices']) {
    await tile(name).click();
    await heading(name).waitFor();
    await page.goto('/');
  }
});

step('the panel of states follows a type, and each state opens its list', async () => {
  await page.goto('/');
  const states = section('Device status');
  await states.getByLabel('Device type').selectOption('Yealink T46S');
  // Of all types together there are active ones, too.
  await until('those of the type', async () => /Active\s+1 100%/.test(await states.innerText()));
  await states.getByRole('link', { name: 'View: Active' }).click();
  await heading('Devices').waitFor();
  const asked = new URL(page.url()).searchParams;
  assert.deepEqual([asked.get('state'), asked.get('model')], ['active', 'T46S']);
  await page.getByRole('row').getByRole('link', { name: 'Old one' }).waitFor();
  await until('only that one, below the head', async () => (await page.getByRole('row').count()) === 2);
  // YMC-015: nothing measures calls yet, and nothing is made up.
  await page.goto('/');
  await section('Call quality').getByText('takes no call statistics').waitFor();
});

step('YMC-010 YMC-016: unread alarms are counted by their kind in the header', async () => {
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 404);
  await page.goto('/');
  const bell = page.getByRole('banner').getByRole('button', { name: /^Alarms, / });
  await until('the alarm', async () => {
    await page.reload();
    await heading('Overview').waitFor();
    return /[1-9]/.test((await bell.getAttribute('aria-label')) ?? '');
  });
  await bell.click();
  await page.getByRole('menuitem', { name: /^Reset suspected/ }).waitFor();
  await page.getByText('A device that had proved itself came without its proof').waitFor();
  await inspect(page, 'unread-alarms');
  await page.getByRole('menuitem', { name: /^Reset suspected/ }).click();
  await heading('Alarms').waitFor();
  await page.getByText('A device that had proved itself').first().waitFor();
  await inspect(page, 'alarms-of-kind');
  await bell.click();
  await page.getByRole('menuitem', { name: 'Check all alarms' }).click();
  await heading('Alarms').waitFor();
});

step('phones that were reset are let in again one by one, or all of a site', async () => {
  await page.goto('/devices?reset=true');
  const row = page.getByRole('row').filter({ hasText: 'Reception' });
  await row.getByRole('button', { name: 'Let in again' }).click();
  await inspect(page, 'devices-reset');
  await dialog().getByRole('button', { name: 'Let in again' }).click();
  await page.getByText('No device matches').waitFor();
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 200);
  await link('Sites').click();
  await page.getByRole('row').filter({ hasText: 'default' }).getByRole('button', { name: 'Let all in again' }).click();
  await inspect(page, 'site-let-in');
  await dialog().getByRole('button', { name: 'Let all in again' }).click();
  await dialog().waitFor({ state: 'detached' });
  assert.equal((await box.ask(`${NEW}.cfg`, agent(NEW))).status, 200);
});

step('the live log is paused and filtered', async () => {
  await link('Live log').click();
  await page.getByText(`${NEW}.cfg`).first().waitFor();
  await page.getByLabel('Filter MAC, address, file, reason').fill('80:5E:C0:BB:00:02');
  await until('the others are gone', async () => (await page.getByText(`${NEW}.cfg`).count()) === 0);
  await page.getByText(`${OLD}.cfg`).first().waitFor();
  await page.getByLabel('Filter MAC, address, file, reason').fill('nothing of it');
  await page.getByText('None of the newest check-ins matches.').waitFor();
  await page.getByLabel('Filter MAC, address, file, reason').fill('');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused').waitFor();
  await box.ask('805ec0bb0077.cfg', agent('805ec0bb0077'));
  await inspect(page, 'log-paused');
  assert.equal(await page.getByText('805ec0bb0077.cfg').count(), 0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('805ec0bb0077.cfg').first().waitFor();
});

step('whoever has only a keyboard logs in and adopts a phone', async () => {
  assert.equal((await box.ask(`${KEYBOARD}.cfg`, agent(KEYBOARD))).status, 404);
  const typist = await fresh(browser, box);
  const { keyboard } = typist;
  const focused = () => typist.evaluate(() => {
    const one = document.activeElement;
    return [one?.getAttribute('aria-label'), one?.textContent, one?.labels?.[0]?.textContent].filter(Boolean).join(' ');
  });
  /** Tab until something of this name has the focus, which must be visible there. */
  const tabTo = async (name) => {
    for (let i = 0; i < 60; i++) {
      await keyboard.press('Tab');
      if (!name.test(await focused())) continue;
      const outline = await typist.evaluate(() => {
        const of = (one) => one && (getComputedStyle(one).outlineStyle !== 'none' || getComputedStyle(one).boxShadow !== 'none' || one.matches('input, select'));
        return of(document.activeElement) || of(document.activeElement?.parentElement);
      });
      assert.ok(outline, `the focus on ${name} is not to be seen`);
      return;
    }
    assert.fail(`${name} is not reached with Tab; the focus is on ${await focused()}`);
  };
  await typist.goto('/waiting');
  await heading('Log in', typist).waitFor();
  // The name has the focus from the start.
  await keyboard.type('alice');
  await keyboard.press('Tab');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await heading('Waiting', typist).waitFor();
  await typist.getByRole('row').filter({ hasText: '80:5e:c0:bb:00:03' }).waitFor();
  await tabTo(/^Skip to content/);
  await keyboard.press('Enter');
  await tabTo(/80:5e:c0:bb:00:03/);
  await tabTo(/^Adopt/);
  await keyboard.press('Enter');
  await typist.getByRole('dialog').waitFor();
  await until('the name has the focus', async () => /^Name/.test(await focused()));
  await keyboard.type('By keyboard');
  await tabTo(/^Adopt/);
  await keyboard.press('Enter');
  await heading('By keyboard', typist).waitFor();
  assert.equal((await box.ask(`${KEYBOARD}.cfg`, agent(KEYBOARD))).status, 200);
  assert.deepEqual(typist.complaints, []);
  await typist.context().close();
});

step('AVA-040 YMC-002: nothing is asked of the browser that one of today lacks', async () => {
  // The bundle is made for ES2022: Chrome 94, Firefox 93, Safari 16.4, Edge 94 and later.
  assert.match(readFileSync(new URL('../vite.config.ts', import.meta.url), 'utf8'), /target: 'es2022'/);
});
