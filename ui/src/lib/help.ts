/** The help: one short section for a screen, in ten languages (AVA-056). Each language is a file that is loaded when read. */

/** In the order in which they are read. */
export const HELP_SECTIONS = [
  'start', 'overview', 'devices', 'device', 'waiting', 'sites', 'profiles', 'log', 'accounts', 'users', 'programs', 'mail', 'audit', 'privacy',
] as const;
export type HelpSection = (typeof HELP_SECTIONS)[number];

export const HELP_LANGUAGES = {
  en: 'English',
  fr: 'Français',
  it: 'Italiano',
  de: 'Deutsch',
  ru: 'Русский',
  'zh-CN': '简体中文',
  ja: '日本語',
  ko: '한국어',
  es: 'Español',
  'pt-BR': 'Português (Brasil)',
} as const;
export type HelpLanguage = keyof typeof HELP_LANGUAGES;

export interface Section {
  id: HelpSection;
  title: string;
  paragraphs: string[];
}

const files = import.meta.glob<string>('./help/*.md', { query: '?raw', import: 'default' });

/** `# id: Title`, then paragraphs with an empty line between them. */
export async function readHelp(language: HelpLanguage): Promise<Section[]> {
  const text = (await files[`./help/${language}.md`]?.()) ?? '';
  return text
    .split(/^# /m)
    .slice(1)
    .map((block) => {
      const [head = '', ...rest] = block.split('\n');
      const [id = '', title = ''] = head.split(/: (.*)/s);
      return { id: id as HelpSection, title, paragraphs: rest.join('\n').trim().split(/\n{2,}/) };
    });
}

/** The one asked for, else the page's own, else the browser's, else English. */
export function helpLanguage(asked: string | null, page: string): HelpLanguage {
  const known = (tag: string) => Object.keys(HELP_LANGUAGES).find((language) => language === tag || language.slice(0, 2) === tag.slice(0, 2));
  const own = navigator.languages.map(known).find((tag) => tag !== undefined);
  const found = (asked && known(asked)) || (page !== 'en' && known(page)) || own || 'en';
  return found as HelpLanguage;
}
