/** The languages of the page: English is always there, the others are loaded when they are chosen. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en, type Words } from './locales/en';

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const others: Record<Exclude<Language, 'en'>, () => Promise<Words>> = {
  de: () => import('./locales/de').then((module) => module.de),
};
const KEPT = 'phonebox.language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: Words };
  }
}

export function isLanguage(text: string | null): text is Language {
  return text !== null && text in LANGUAGES;
}

/** Of a person's locale, which may name a region: de of de-AT. */
export function languageOf(locale: string): Language | undefined {
  return [locale, locale.split('-')[0] ?? ''].find(isLanguage);
}

/** What there is to choose; what is chosen stays among it. */
export function languageChoices(chosen: string) {
  const choices = Object.entries(LANGUAGES).map(([value, label]) => ({ value, label: label as string }));
  return isLanguage(chosen) ? choices : [...choices, { value: chosen, label: chosen }];
}

export async function chooseLanguage(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'words')) {
    i18next.addResourceBundle(language, 'words', await others[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}

/** The one chosen before, else the browser's, else English. */
export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    defaultNS: 'words',
    resources: { en: { words: en } },
    interpolation: { escapeValue: false },
  });
  const kept = localStorage.getItem(KEPT);
  const wanted = isLanguage(kept) ? kept : navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage);
  if (wanted && wanted !== 'en') await chooseLanguage(wanted);
}
