import { globSync, readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { pickLanguage, pickLocale } from '@/ui/language';
import { t } from '@/ui/messages';
import { argumentsOf, catalogOf, languages, readMessages } from '../compileMessages';
import { sourcesNeededAtOnce } from '../neededAtOnce';

const SOURCE = readMessages('en');
const TRANSLATIONS = languages().filter((language) => language !== 'en');

/** Words that are the same in another language. */
const SAME_IN: Record<string, string[]> = {
  de: [
    'audit.detail.name',
    'connection.offline',
    'connection.offlineTitle',
    'due.today',
    'filters.chip',
    'filters.label',
    'filters.name',
    'filters.status',
    'insight.client',
    'insight.indexBytes',
    'insight.operation.name',
    'print.status',
    'statusBar.pages',
    'tasks.field.labels',
    'tasks.field.status',
    'tasks.labelsAre',
    'tasks.more',
    'theme.system',
    'tokens.name',
  ],
};

const sources = globSync('src/**/*.{ts,tsx}', { exclude: ['src/catalog/**', 'src/gql/**'] })
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Return the page's texts as a browser with these languages has them before it loads any. */
async function openBrowserOf(...preferred: string[]) {
  vi.stubGlobal('window', { localStorage: { getItem: () => null } });
  vi.stubGlobal('navigator', { languages: preferred });
  vi.resetModules();
  return import('@/ui/messages');
}

/** Return the page's texts as a browser with these languages loads them. */
async function inBrowserOf(...preferred: string[]) {
  const messages = await openBrowserOf(...preferred);
  const { language } = await import('@/ui/language');
  await messages.loadMessages(language);
  return messages;
}

test('each language has every message, and no other', () => {
  expect(TRANSLATIONS).toContain('de');
  for (const language of TRANSLATIONS) {
    expect([...readMessages(language).keys()].sort(), language).toEqual([...SOURCE.keys()].sort());
  }
});

test('a translation has the arguments of the English message', () => {
  for (const language of TRANSLATIONS) {
    for (const [key, message] of readMessages(language)) {
      expect([...argumentsOf(message)], `${language} ${key}`).toEqual([...argumentsOf(SOURCE.get(key) ?? '')]);
    }
  }
});

test('every message is translated', () => {
  for (const language of TRANSLATIONS) {
    const same = [...readMessages(language)]
      .filter(([key, message]) => message === SOURCE.get(key))
      .map(([key]) => key);
    expect(same.sort(), language).toEqual([...(SAME_IN[language] ?? [])].sort());
  }
});

test('every message is used', () => {
  expect([...SOURCE.keys()].filter((key) => !sources.includes(`'${key}'`))).toEqual([]);
});

test('messages of parts that are loaded later are not needed at once', () => {
  const names = (key: string) => sourcesNeededAtOnce().some((source) => source.includes(`'${key}'`));
  expect(names('list.name')).toBe(true);
  expect(names('keyboardHelp.copyLink')).toBe(false);
  expect(names('bulk.progress')).toBe(false);
});

test('the list loads no messages of another route', () => {
  expect(catalogOf('insight.title', "t('insight.title')")).toBe('.insight');
  expect(catalogOf('list.name', "t('list.name')")).toBe('');
  expect(catalogOf('keyboardHelp.copyLink', '')).toBe('.later');
});

test('a module that imports another later loads the later messages', () => {
  const importing = globSync('src/features/**/*.{ts,tsx}').filter((path) =>
    /\bawait .*import\('|=> import\('/.test(readFileSync(path, 'utf8')),
  );
  expect(importing.length).toBeGreaterThan(5);
  const careless = importing.filter((path) => !/lazyPart\(|loadLaterMessages\(/.test(readFileSync(path, 'utf8')));
  expect(careless).toEqual([]);
});

test('messages are in the order of their keys', () => {
  for (const language of languages()) {
    const keys = [...readMessages(language).keys()];
    expect(keys, language).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
  }
});

test('a number in a message is written and declined as in the language', async () => {
  expect(t('tasks.count', { count: 1 })).toBe('1 task');
  expect(t('tasks.count', { count: 1200 })).toBe('1,200 tasks');
  const german = await inBrowserOf('de-DE', 'en');
  expect(german.t('tasks.count', { count: 1 })).toBe('1 Aufgabe');
  expect(german.t('tasks.count', { count: 1200 })).toBe('1.200 Aufgaben');
});

test('texts of a route are in the language of the page, also if they are asked for first', async () => {
  const german = await openBrowserOf('de-DE', 'en');
  await german.addMessages({
    en: () => import('@/catalog/en.insight.json'),
    de: () => import('@/catalog/de.insight.json'),
  });
  expect(german.t('insight.title')).toBe('Einblick');
  await german.loadMessages('de');
  expect(german.t('insight.title')).toBe('Einblick');
  expect(german.t('tasks.count', { count: 1 })).toBe('1 Aufgabe');
});

test('TypeScript refuses an unknown message, and missing or wrong arguments', () => {
  // @ts-expect-error There is no such message.
  expect(() => t('tasks.none')).toThrow('tasks.none');
  // @ts-expect-error The argument is missing.
  expect(() => t('tasks.count', {})).toThrow();
  // @ts-expect-error A number is written by the message.
  expect(t('tasks.link.notCopied', { url: 1 })).toContain('1');
});

test('the choice of a language wins, then the first language of the browser that the page has', () => {
  expect(pickLanguage('en', ['de-DE'])).toBe('en');
  expect(pickLanguage(null, ['fr-FR', 'de-AT', 'en-US'])).toBe('de');
  expect(pickLanguage('fr', ['it'])).toBe('en');
  expect(pickLanguage('toString', ['de'])).toBe('de');
});

test('the locale of numbers and dates is that of the browser, in the language of the page', () => {
  expect(pickLocale('de', ['en-GB', 'de-AT', 'de'])).toBe('de-AT');
  expect(pickLocale('de', ['en-GB'])).toBe('de');
  expect(pickLocale('en', ['en-US@posix'])).toBe('en');
});
