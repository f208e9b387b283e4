// The help: its texts, without a browser.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const FOLDER = new URL('../src/lib/help/', import.meta.url);
const LANGUAGES = ['de', 'en', 'es', 'fr', 'it', 'ja', 'ko', 'pt-BR', 'ru', 'zh-CN'];

function sections(language) {
  const text = readFileSync(new URL(`${language}.md`, FOLDER), 'utf8');
  return text.split(/^# /m).slice(1).map((block) => {
    const [, id, title, body] = block.match(/^([a-z]+): (.+)\n([\s\S]+)$/);
    return { id, title, body: body.trim() };
  });
}

test('AVA-056: the help is there in ten languages, every section in each of them', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), LANGUAGES.map((language) => `${language}.md`));
  const wanted = [...readFileSync(new URL('../src/lib/help.ts', import.meta.url), 'utf8').match(/HELP_SECTIONS = \[([^\]]+)\]/)[1].matchAll(/'([a-z]+)'/g)].map((one) => one[1]);
  assert.ok(wanted.length >= 10 && wanted.length <= 14);
  const english = sections('en');
  for (const language of LANGUAGES) {
    const found = sections(language);
    assert.deepEqual(found.map(({ id }) => id), wanted, language);
    for (const [place, { id, title, body }] of found.entries()) {
      const sentences = body.match(/[.。]["”]?(\s|$)|。/g).length;
      assert.ok(sentences >= 3 && sentences <= 6, `${language} ${id}: ${sentences} sentences`);
      // What is typed on a console is the same everywhere.
      const commands = (text) => text.match(/`[^`]+`/g);
      assert.deepEqual(commands(body), commands(english[place].body), `${language} ${id}`);
      if (language !== 'en') assert.notEqual(body, english[place].body, `${language} ${id} is not translated`);
      assert.ok(title.length > 0 && title.length <= 60, `${language} ${id}`);
    }
  }
});

test('whatever the help calls by its name is called so on the page', () => {
  const words = readFileSync(new URL('../src/lib/locales/en.ts', import.meta.url), 'utf8');
  const german = readFileSync(new URL('../src/lib/locales/de.ts', import.meta.url), 'utf8');
  for (const language of LANGUAGES) {
    for (const { id, body } of sections(language)) {
      for (const [, name] of body.matchAll(/\*\*([^*]+)\*\*/g)) {
        assert.ok((language === 'de' ? german : words).includes(`'${name}'`), `${language} ${id}: ${name}`);
      }
    }
  }
});
