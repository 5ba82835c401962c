/**
 * The texts of the page, in its language.
 *
 * Texts are in `messages/<language>.json`, in ICU MessageFormat, and are compiled before the build. English is there from
 * the start, the catalogue of another language is loaded before the page mounts. Texts of parts that are loaded later are
 * loaded with the first of these parts. So call `t` when a text is needed, and
 * not while a module is evaluated. Write keys as literals: a test looks for messages that no module uses.
 */
import format, { type CompiledMessage, type FormatOptions } from 'icu-minify/format';
import { createElement, Fragment, type ReactNode } from 'react';
import type { MessageArguments, RichMessageArguments } from '@/catalog';
import english from '@/catalog/en.json';
import { type Language, language, locale } from './language';

type Key = keyof MessageArguments | keyof RichMessageArguments;
type Values<Arguments> = Arguments extends undefined ? [] : [values: Arguments];

/** English is part of the page, so that it has texts if the catalogue of its language cannot be loaded. */
const IMPORTS: Record<Exclude<Language, 'en'>, () => Promise<{ default: unknown }>> = {
  de: () => import('@/catalog/de.json'),
};

/** The texts of parts of the page that are loaded later. */
const LATER: Record<Language, () => Promise<{ default: unknown }>> = {
  en: () => import('@/catalog/en.later.json'),
  de: () => import('@/catalog/de.later.json'),
};

let catalog = (language === 'en' ? english : {}) as Partial<Record<Key, CompiledMessage>>;

const plurals = new Intl.PluralRules(locale);
const ordinals = new Intl.PluralRules(locale, { type: 'ordinal' });
const numbers = new Intl.NumberFormat(locale);

const OPTIONS: FormatOptions = {
  formatters: {
    getPluralRules: (_, options) => (options?.type === 'ordinal' ? ordinals : plurals),
    getNumberFormat: (tag, options) => (options ? new Intl.NumberFormat(tag, options) : numbers),
    getDateTimeFormat: (tag, options) => new Intl.DateTimeFormat(tag, options),
  },
};

/** Resolves to the language of the texts. Undefined until its catalogue is asked for. */
let main: Promise<Language> | undefined;
let later: Promise<void> | undefined;

/** Load the texts of a language, or else the English ones. Resolves to the language of the texts, and never rejects. */
export function loadMessages(language: Language): Promise<Language> {
  main = loadCatalog(language);
  return main;
}

async function loadCatalog(language: Language): Promise<Language> {
  try {
    addTexts(language === 'en' ? english : (await IMPORTS[language]()).default);
    return language;
  } catch {
    addTexts(english);
    return 'en';
  }
}

function addTexts(texts: unknown): void {
  catalog = { ...catalog, ...(texts as typeof catalog) };
}

/** Load the texts of the parts of the page that are loaded later. Rejects if they cannot be loaded. */
export function loadLaterMessages(): Promise<void> {
  later ??= addMessages(LATER).catch((error: unknown) => {
    later = undefined;
    throw error;
  });
  return later;
}

/** Load more texts in the language of the page, such as those of a route. Rejects if they cannot be loaded. */
export async function addMessages(imports: typeof LATER): Promise<void> {
  addTexts((await imports[await (main ?? loadMessages(language))]()).default);
}

/** Return a text of the page. */
export function t<K extends keyof MessageArguments>(key: K, ...[values]: Values<MessageArguments[K]>): string {
  return format(messageOf(key), locale, values, OPTIONS) as string;
}

/** Return a text with tags. Its arguments say how each tag is rendered. */
export function rich<K extends keyof RichMessageArguments>(key: K, values: RichMessageArguments[K]): ReactNode {
  const parts = format<ReactNode>(messageOf(key), locale, values, OPTIONS);
  return Array.isArray(parts) ? createElement(Fragment, null, ...parts) : parts;
}

function messageOf(key: Key): CompiledMessage {
  const message = catalog[key];
  if (message === undefined) throw new Error(`The message ${key} is not loaded.`);
  return message;
}
