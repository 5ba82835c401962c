import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import type { AdviceCode, AdviceTopic } from '@/gql/insight';

type Values = Record<string, number | string>;

const MB = 1_000_000;
const HASH = 'c0ffee'.repeat(10);

/** A finding of each kind, the English sentence and the German one. */
const FINDINGS: [AdviceCode, Values, string, string][] = [
  [
    'NOT_ENOUGH_DATA',
    { found: 1200, needed: 10_000, unit: 'TASKS_READ' },
    'Not enough data yet: 1,200 of the 10,000 tasks read that this advice needs.',
    'Noch nicht genug Daten: 1.200 von 10.000 gelesenen Aufgaben, die diese Empfehlung braucht.',
  ],
  [
    'NOT_ENOUGH_DATA',
    { found: 0, needed: 1000, unit: 'TASKS_IN_REDIS' },
    'Not enough data yet: 0 of the 1,000 tasks in Redis that this advice needs.',
    'Noch nicht genug Daten: 0 von 1.000 Aufgaben in Redis, die diese Empfehlung braucht.',
  ],
  [
    'NOT_ENOUGH_DATA',
    { found: 0, needed: 100, unit: 'REQUESTS' },
    'Not enough data yet: 0 of the 100 requests that this advice needs.',
    'Noch nicht genug Daten: 0 von 100 Anfragen, die diese Empfehlung braucht.',
  ],
  [
    'NOT_ENOUGH_DATA',
    { found: 0, needed: 100, unit: 'PAGES' },
    'Not enough data yet: 0 of the 100 pages that this advice needs.',
    'Noch nicht genug Daten: 0 von 100 Seiten, die diese Empfehlung braucht.',
  ],
  [
    'NOT_ENOUGH_DATA',
    { needed: 24, unit: 'HOURS' },
    'Not enough data yet: this advice needs 24 hours in which the index was measured.',
    'Noch nicht genug Daten: Diese Empfehlung braucht 24 Stunden, in denen der Index gemessen wurde.',
  ],
  [
    'REDIS_IS_SHARED',
    { workspace: 'default' },
    'All workspaces share Redis: the workspace “default” has the advice on its size.',
    'Alle Arbeitsbereiche teilen sich Redis: Die Empfehlung zu seiner Größe hat der Arbeitsbereich „default“.',
  ],
  [
    'SIZE_FOR_HIT_RATE',
    { hitRate: 0.8, bytes: 11_023_000, tasks: 1023 },
    'A hit rate of 80% needs 11 MB or rather less, for 1,023 tasks.',
    'Eine Trefferquote von 80 % braucht 11 MB oder eher weniger, für 1.023 Aufgaben.',
  ],
  [
    'HIT_RATE_OUT_OF_REACH',
    { hitRate: 0.95 },
    'A hit rate of 95% is out of reach for any size: too many tasks are read only once in an hour.',
    'Eine Trefferquote von 95 % ist mit keiner Größe erreichbar: Zu viele Aufgaben werden nur einmal in der Stunde gelesen.',
  ],
  [
    'HIT_RATE_OF_MAXMEMORY',
    { bytes: 20 * MB, hitRate: 0.905 },
    'The memory limit of Redis, 20 MB, is enough for a hit rate of 90.5%.',
    'Die Speichergrenze von Redis, 20 MB, reicht für eine Trefferquote von 90,5 %.',
  ],
  [
    'SIZE_OF_ENTRIES',
    { indexBytes: 10 * MB, entryBytes: 1500 },
    'The indexes take 10 MB of the memory, and each cached task 1.5 kB.',
    'Vom Speicher belegen die Indizes 10 MB und jede Aufgabe im Cache 1,5 kB.',
  ],
  [
    'EXPIRED_MISSES',
    { expired: 5000, misses: 10_000, share: 0.5 },
    '5,000 of 10,000 misses were of entries that had expired (50%).',
    '5.000 von 10.000 Fehltreffern betrafen abgelaufene Einträge (50 %).',
  ],
  [
    'EXPIRED_MISSES',
    { expired: 1, misses: 10_000, share: 0.0001 },
    '1 of 10,000 misses was of an entry that had expired (0%).',
    '1 von 10.000 Fehltreffern betraf einen abgelaufenen Eintrag (0 %).',
  ],
  [
    'HIT_RATE_OF_LONGER_LIFE',
    { hitRate: 0.9, highest: 0.95 },
    'The hit rate is 90%, and a longer lifetime could raise it to 95% at most.',
    'Die Trefferquote ist 90 %, und eine längere Lebensdauer könnte sie auf höchstens 95 % heben.',
  ],
  [
    'EXPENSIVE_OPERATION',
    {
      operation: 'Page',
      hash: HASH,
      share: 0.9,
      requests: 1300,
      pointsEach: 30.4,
      client: 'token:2',
      clientShare: 0.5,
    },
    'Page: 90% of all points, in 1,300 requests of 30 points each, 50% of it by API token 2.',
    'Page: 90 % aller Punkte, in 1.300 Anfragen zu je 30 Punkten, davon 50 % von API-Token 2.',
  ],
  [
    'EXPENSIVE_OPERATION',
    { operation: '(unnamed)', hash: HASH, share: 0.1, requests: 1, pointsEach: 1 },
    'Without a name (c0ffeec0ffee): 10% of all points, in 1 request of 1 point each.',
    'Ohne Namen (c0ffeec0ffee): 10 % aller Punkte, in 1 Anfrage zu je 1 Punkt.',
  ],
  [
    'PAGES_AT_DEPTH',
    { share: 0.9, fromPosition: 0, toPosition: 1 },
    '90% of the pages began at row 1.',
    '90 % der Seiten begannen in Zeile 1.',
  ],
  [
    'PAGES_AT_DEPTH',
    { share: 0.09, fromPosition: 1, toPosition: 1000 },
    '9% of the pages began at rows 2 to 1,000.',
    '9 % der Seiten begannen in den Zeilen 2 bis 1.000.',
  ],
  [
    'PAGES_AT_DEPTH',
    { share: 0.01, fromPosition: MB },
    '1% of the pages began at row 1,000,001 or later.',
    '1 % der Seiten begannen ab Zeile 1.000.001.',
  ],
  [
    'INDEX_GROWTH',
    { bytes: 10 * MB, hours: 30, bytesPerDay: 1.2 * MB },
    'The index takes 10 MB, and grew by 1.2 MB a day in 30 measured hours.',
    'Der Index belegt 10 MB und wuchs in 30 gemessenen Stunden um 1,2 MB am Tag.',
  ],
  [
    'INDEX_GROWTH',
    { bytes: 10 * MB, hours: 30, bytesPerDay: -5 },
    'The index takes 10 MB, and did not grow in 30 measured hours.',
    'Der Index belegt 10 MB und wuchs in 30 gemessenen Stunden nicht.',
  ],
  [
    'INDEX_NEVER_FULL',
    { bytes: 20 * MB },
    'At this rate the index does not reach the memory limit of Redis, 20 MB, within ten years.',
    'So erreicht der Index die Speichergrenze von Redis, 20 MB, in den nächsten zehn Jahren nicht.',
  ],
];

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Return the modules of the page as a browser with this language loads them. */
async function inBrowserOf(language: 'en' | 'de') {
  vi.stubGlobal('window', { localStorage: { getItem: () => null } });
  vi.stubGlobal('navigator', { languages: [language] });
  vi.resetModules();
  const { addMessages, loadLaterMessages, loadMessages } = await import('@/ui/messages');
  // The language is chosen. The other modules expect more of a window.
  vi.stubGlobal('window', undefined);
  await loadMessages(language);
  await loadLaterMessages();
  await addMessages({
    en: () => import('@/catalog/en.insight.json'),
    de: () => import('@/catalog/de.insight.json'),
  });
  const [{ wordAdvice }, { AdviceList }] = [
    await import('@/features/insight/adviceText'),
    await import('@/features/insight/AdviceList'),
  ];
  return { wordAdvice, AdviceList };
}

function finding(code: string, values: Values) {
  return {
    __typename: 'AdviceFinding' as const,
    code: code as AdviceCode,
    values: Object.entries(values).map(([name, value]) => ({
      __typename: 'AdviceValue' as const,
      name,
      number: typeof value === 'number' ? value : null,
      text: typeof value === 'string' ? value : null,
    })),
  };
}

/** Return advice that the page received. */
function advice(findings: ReturnType<typeof finding>[], topic: AdviceTopic = 'MEMORY') {
  return { __typename: 'Advice' as const, topic, text: 'The English text.', enoughData: true, findings };
}

/** Intl writes some spaces so that lines do not break at them. */
function plainSpaces(texts: string[]): string[] {
  return texts.map((text) => text.replace(/\s/g, ' '));
}

test.each([
  ['en', 2],
  ['de', 3],
] as const)('each finding is a sentence in the language of the page: %s', async (language, column) => {
  const { wordAdvice } = await inBrowserOf(language);
  const { sentences, lang } = wordAdvice(advice(FINDINGS.map(([code, values]) => finding(code, values))));
  expect(plainSpaces(sentences)).toEqual(FINDINGS.map((row) => row[column]));
  expect(lang).toBeUndefined();
});

test.each([
  ['en', /^At this rate the index reaches the memory limit of Redis, 20 MB, on .*2027.*: raise the limit before\.$/],
  ['de', /^So erreicht der Index die Speichergrenze von Redis, 20 MB, am .*2027.*: Hebe die Grenze vorher an\.$/],
] as const)('the day on which the index is too large is a date: %s', async (language, expected) => {
  const { wordAdvice } = await inBrowserOf(language);
  const { sentences } = wordAdvice(
    advice([finding('INDEX_FULL_AT', { bytes: 20 * MB, at: '2027-03-05T12:00:00+00:00' })]),
  );
  expect(plainSpaces(sentences)).toEqual([expect.stringMatching(expected)]);
});

test('advice of a newer service is its English text', async () => {
  const { wordAdvice } = await inBrowserOf('de');
  const known = finding('HIT_RATE_OUT_OF_REACH', { hitRate: 0.9 });
  const english = { sentences: ['The English text.'], lang: 'en' };
  expect(wordAdvice(advice([known, finding('NEW_CODE', {})]))).toEqual(english);
  expect(wordAdvice(advice([finding('NOT_ENOUGH_DATA', { found: 0, needed: 1, unit: 'NEW_UNIT' })]))).toEqual(english);
  expect(wordAdvice(advice([finding('INDEX_NEVER_FULL', {})]))).toEqual(english);
  expect(wordAdvice(advice([]))).toEqual(english);
});

test('only an English text on a German page is marked as English', async () => {
  const { AdviceList } = await inBrowserOf('de');
  const known = advice([finding('INDEX_NEVER_FULL', { bytes: 20 * MB })]);
  const markup = renderToStaticMarkup(
    createElement(AdviceList, { advice: [known, advice([finding('NEW_CODE', {})], 'TTL')] }),
  );
  expect(markup).toContain('<dd dir="auto">So erreicht der Index');
  expect(markup).toContain('<dd dir="auto" lang="en">The English text.</dd>');
  expect(markup.match(/lang=/g)).toHaveLength(1);
});
