/** The language of the page: the one that the person chose, or else the first of the browser that the page has. */
import { safeLocalStorage } from './safeStorage';

/** Every language of the page, by its own name. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;

export type Language = keyof typeof LANGUAGES;

export const STORAGE_KEY = 'millitask.language';

/** Return the language part of a tag: `de` for `de-AT`. */
function languageOf(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? '';
}

function isLanguage(name: string | null): name is Language {
  return name !== null && Object.hasOwn(LANGUAGES, name);
}

export function pickLanguage(chosen: string | null, preferred: readonly string[]): Language {
  return [chosen, ...preferred.map(languageOf)].find(isLanguage) ?? 'en';
}

/** Return the locale for numbers and dates: that of the browser with its region, if it is of the same language. */
export function pickLocale(picked: Language, preferred: readonly string[]): string {
  const locale = preferred.find((tag) => languageOf(tag) === picked);
  try {
    return Intl.getCanonicalLocales(locale ?? picked)[0] ?? picked;
  } catch {
    // Some browsers pass on a tag of the system that is not valid, such as `en-US@posix`.
    return picked;
  }
}

/** The build renders the frame of the page outside a browser. */
const inBrowser = typeof window !== 'undefined';
const preferred = inBrowser ? navigator.languages : [];

export const language = pickLanguage(inBrowser ? safeLocalStorage().getItem(STORAGE_KEY) : null, preferred);
export const locale = pickLocale(language, preferred);

/** Remember the language for the next time that the page is loaded. */
export function saveLanguage(chosen: Language): void {
  safeLocalStorage().setItem(STORAGE_KEY, chosen);
}
