/** How the languages of the person and of the page write dates, as `Intl` knows it. */
import type { WallTime } from './localTime';

export interface DateWords {
  months: Map<string, number>;
  /** Names of days, with 0 for Sunday. */
  weekdays: Map<string, number>;
  beforeNoon: Set<string>;
  afterNoon: Set<string>;
  /** Words between the parts of a date, such as "at". */
  fillers: Set<string>;
}

const HOUR_MS = 3_600_000;
const SUNDAY = Date.UTC(2026, 1, 1);
const HOURS = Array.from({ length: 24 }, (_, hour) => SUNDAY + hour * HOUR_MS);
const WEEKDAYS = Array.from({ length: 7 }, (_, day) => SUNDAY + day * 24 * HOUR_MS);
const MONTHS = Array.from({ length: 12 }, (_, month) => Date.UTC(2026, month, 1));
const STYLES = ['long', 'short'] as const;
const FULL: Intl.DateTimeFormatOptions = { dateStyle: 'full', timeStyle: 'short' };
const WORD = /\p{L}[\p{L}\p{M}]*/gu;
const NUMERIC: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
};

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Return the words of all the locales. */
export function dateWords(locales: string[]): DateWords {
  const all = locales.map(wordsOfLocale);
  return {
    months: new Map(all.flatMap(({ months }) => [...months])),
    weekdays: new Map(all.flatMap(({ weekdays }) => [...weekdays])),
    beforeNoon: new Set(all.flatMap(({ beforeNoon }) => [...beforeNoon])),
    afterNoon: new Set(all.flatMap(({ afterNoon }) => [...afterNoon])),
    fillers: new Set(all.flatMap(({ fillers }) => [...fillers])),
  };
}

const known = new Map<string, DateWords>();

/** Collecting the words takes milliseconds, so it is done once and not for each key. */
function wordsOfLocale(locale: string): DateWords {
  const words = known.get(locale) ?? collectWords(locale);
  known.set(locale, words);
  return words;
}

function collectWords(locale: string): DateWords {
  const wordsIn = (type: Intl.DateTimeFormatPartTypes, options: Intl.DateTimeFormatOptions, times: number[]) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options });
    return times.map((ms) => wordsOf(partOf(format, ms, type)));
  };
  const named = (type: 'month' | 'weekday', times: number[], first: number) =>
    new Map(
      STYLES.flatMap((style) => wordsIn(type, { [type]: style, day: 'numeric' }, times)).map(([word = ''], n) => [
        word,
        first + (n % times.length),
      ]),
    );
  // "a.m." is "am". Some languages have several words for each half of the day.
  const periods = wordsIn('dayPeriod', NUMERIC, HOURS).map((words) => words.join(''));
  return {
    months: named('month', MONTHS, 1),
    weekdays: named('weekday', WEEKDAYS, 0),
    beforeNoon: new Set(['am', ...periods.slice(0, 12).filter(Boolean)]),
    afterNoon: new Set(['pm', ...periods.slice(12).filter(Boolean)]),
    fillers: new Set([...wordsIn('literal', NUMERIC, [SUNDAY]), ...wordsIn('literal', FULL, [SUNDAY])].flat()),
  };
}

/** Return the text of all parts of a type. */
function partOf(format: Intl.DateTimeFormat, ms: number, type: Intl.DateTimeFormatPartTypes): string {
  const parts = format.formatToParts(ms).filter((part) => part.type === type);
  return parts.map(({ value }) => value).join(' ');
}

/** Return a time as the person would type it, such as "12/1/2026, 9:00 AM". */
export function formatForTyping(at: Date, locale: string): string {
  return plainSpaces(new Intl.DateTimeFormat(locale, NUMERIC).format(at));
}

export function formatWallTime({ year, month, day, hour, minute }: WallTime, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { ...NUMERIC, timeZone: 'UTC' });
  return plainSpaces(format.format(Date.UTC(year, month - 1, day, hour, minute)));
}

/** Replace special spaces, and remove marks of the direction of text. */
export function plainSpaces(text: string): string {
  return text
    .replace(/[\u200e\u200f\u061c]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Return the order of a numeric date, such as month, day, year. */
export function datePartOrder(locale: string): ('year' | 'month' | 'day')[] {
  return new Intl.DateTimeFormat(locale, NUMERIC)
    .formatToParts(SUNDAY)
    .map(({ type }) => type)
    .filter((type) => type === 'year' || type === 'month' || type === 'day');
}

/** Return the words for the halves of the day, such as AM and PM. */
export function dayPeriodNames(locale: string): { am: string; pm: string } {
  const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', hour12: true, timeZone: 'UTC' });
  const name = (hour: number) => partOf(format, SUNDAY + hour * HOUR_MS, 'dayPeriod');
  return { am: name(9), pm: name(15) };
}
