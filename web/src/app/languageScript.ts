import { LANGUAGES, STORAGE_KEY } from '@/ui/language';

/** Sets the language of the document before the first paint, as `pickLanguage` does later. Without storage, English. */
export const LANGUAGE_SCRIPT = `try {
  const tags = [localStorage.getItem('${STORAGE_KEY}'), ...navigator.languages.map((tag) => tag.split('-', 1)[0].toLowerCase())];
  document.documentElement.lang = tags.find((tag) => ${JSON.stringify(Object.keys(LANGUAGES))}.includes(tag)) ?? 'en';
} catch {}`;
