/**
 * The texts of the page, in its language.
 *
 * Texts are in `messages/<language>.json`, in ICU MessageFormat, and are compiled before the build. English is there from
 * the start, the catalogue of another language is loaded before the page mounts. So call `t` when a text is needed, and
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
/** The language of the texts, which is English if those of the page's language could not be loaded. */
let loaded: Language = 'en';

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

/** Load the texts of a language, or else the English ones. Resolves to the language of the texts, and never rejects. */
export async function loadMessages(language: Language): Promise<Language> {
  try {
    catalog = (language === 'en' ? english : (await IMPORTS[language]()).default) as typeof catalog;
    loaded = language;
    return language;
  } catch {
    catalog = english as typeof catalog;
    return 'en';
  }
}

/** Load the texts that only later parts of the page have. Rejects if they cannot be loaded. */
export async function loadLaterMessages(): Promise<void> {
  catalog = { ...catalog, ...((await LATER[loaded]()).default as typeof catalog) };
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
