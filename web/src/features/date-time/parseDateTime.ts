/** Reads times as people type them: "12/1/2026 9:00 AM", "1. Dezember", "tomorrow 18:00", "Friday", "in 3 days". */
import { datePartOrder, type DateWords, dateWords, plainSpaces, wordsOf } from './dateWords';
import {
  addDays,
  type CalendarDate,
  isCalendarDate,
  type Resolved,
  resolveWallTime,
  type TimeOfDay,
  timeOnDay,
  type WallTime,
  wallTimeOf,
  weekdayOf,
} from './localTime';
import { findRelative, shiftTime } from './relativeDate';
import type { TimeRules } from './timeFields';

export interface Locales {
  /** The locale whose order of day, month and year is read. */
  user: string;
  /** The locale of the page's language, whose words are read too. */
  text: string;
}

/** The service refuses times before the first one, and from the second one on. */
const FIRST_TIME = new Date(0);
export const END_OF_TIME = new Date(Date.UTC(2200, 0, 1));

/** Return what is wrong with a time, or undefined. */
export function dateTimeProblem(
  at: Date,
  now: Date,
  { allowsPast }: Pick<TimeRules, 'allowsPast'>,
): 'past' | 'too early' | 'too late' | undefined {
  if (!allowsPast && at <= now) return 'past';
  if (at < FIRST_TIME) return 'too early';
  return at >= END_OF_TIME ? 'too late' : undefined;
}

/**
 * Return the time that the text means, or undefined if it means none. What the text leaves open is in the future, and a
 * day without a time means `hour`.
 */
export function parseDateTime(text: string, now: Date, locales: Locales, hour: number): Resolved | undefined {
  const names = [...new Set([locales.user, locales.text])];
  const words = dateWords(names);
  const taken = takeTime(plainText(text), words);
  if (!taken) return undefined;
  const { time, rest } = taken;
  const relative = findRelative(rest, names);
  if (relative) {
    if (!isFiller(relative.rest, words)) return undefined;
    return shiftTime(now, relative, time ?? (relative.isName ? { defaultHour: hour } : 'same'));
  }
  const today = wallTimeOf(now);
  const date = parseDate(rest, today, words, datePartOrder(locales.user));
  if (date) return resolveWallTime(time ? { ...date, ...time } : timeOnDay(date, now, hour));
  if (!time || !isFiller(rest, words)) return undefined;
  const next = resolveWallTime({ ...today, ...time });
  return next.at > now ? next : resolveWallTime({ ...addDays(today, 1), ...time });
}

/** Return the text in lower case, with the T of `2026-12-01T09:00` as a space. */
function plainText(text: string): string {
  return plainSpaces(text)
    .toLowerCase()
    .replace(/(?<=\d)t(?=\d)/, ' ');
}

function isFiller(text: string, { fillers }: DateWords): boolean {
  return !/\d/.test(text) && wordsOf(text).every((word) => fillers.has(word));
}

/** Split the time of day off. Return undefined if it is no time, such as 25:00. */
function takeTime(text: string, words: DateWords): { time: TimeOfDay | undefined; rest: string } | undefined {
  const found = find12HourTime(text, words) ?? find24HourTime(text);
  if (!found) return { time: undefined, rest: text };
  const { hour, minute, period } = found;
  if (minute > 59 || hour > (period ? 12 : 23) || (period && hour === 0)) return undefined;
  return {
    time: { hour: period ? (hour % 12) + (period === 'pm' ? 12 : 0) : hour, minute },
    rest: text.replace(found.matched, ' '),
  };
}

interface FoundTime extends TimeOfDay {
  matched: string;
  period?: 'am' | 'pm';
}

/** Find "9 AM", "9:30 p.m." or "오후 9:30". */
function find12HourTime(text: string, { beforeNoon, afterNoon }: DateWords): FoundTime | undefined {
  const names = [...beforeNoon, ...afterNoon];
  const letters = (name: string) => Array.from(name).join('\\.?\\s?') + '\\.?';
  const time = '(?<!\\d)(?<hour>\\d{1,2})(?:\\s?[:h.]\\s?(?<minute>\\d{2}))?';
  // Only some languages write it first. "am" before a number is no time in German: "am 1. Dezember".
  const leading = names.filter((name) => name !== 'am' && name !== 'pm');
  const patterns = [
    ...leading.map((name) => `(?<period>${name})\\s?${time}`),
    `${time}\\s?(?<period>${names.map(letters).join('|')})(?!\\p{L})`,
  ];
  const match = patterns.map((pattern) => new RegExp(pattern, 'u').exec(text)).find((found) => found !== null);
  if (!match?.groups) return undefined;
  const { hour, minute = '0', period = '' } = match.groups;
  const name = period.replace(/[.\s]/g, '');
  const isMorning = beforeNoon.has(name);
  return { matched: match[0], hour: Number(hour), minute: Number(minute), period: isMorning ? 'am' : 'pm' };
}

/** Find "18:00", "18 h 00", or "18.00" after a date. */
function find24HourTime(text: string): FoundTime | undefined {
  const match =
    /(?<!\d)(\d{1,2})\s?[:h]\s?(\d{2})(?!\d)/.exec(text) ?? /(?<=\d.*\s)(\d{1,2})\.(\d{2})$/.exec(text) ?? undefined;
  return match && { matched: match[0], hour: Number(match[1]), minute: Number(match[2]) };
}

function parseDate(
  text: string,
  today: WallTime,
  words: DateWords,
  order: readonly (keyof CalendarDate)[],
): CalendarDate | undefined {
  const found = wordsOf(text).filter((word) => !words.fillers.has(word));
  const [month, ...otherMonths] = found.flatMap((word) => words.months.get(word) ?? []);
  const [weekday, ...otherDays] = found.flatMap((word) => words.weekdays.get(word) ?? []);
  const isKnown = found.every((word) => words.months.has(word) || words.weekdays.has(word));
  if (!isKnown || otherMonths.length > 0 || otherDays.length > 0) return undefined;
  const numbers = text.match(/\d+/g) ?? [];
  if (numbers.length === 0 && month === undefined) {
    return weekday === undefined ? undefined : addDays(today, (weekday + 7 - weekdayOf(today)) % 7 || 7);
  }
  return completeDate(assignNumbers(numbers, month, order), today);
}

/** Decide which number is the day, the month and the year. A number of four digits can only be the year. */
function assignNumbers(
  numbers: string[],
  month: number | undefined,
  order: readonly (keyof CalendarDate)[],
): Partial<CalendarDate> {
  const parts = (numbers[0]?.length === 4 ? (['year', 'month', 'day'] as const) : order).filter(
    (part) => (part !== 'month' || month === undefined) && (part !== 'year' || numbers.length + (month ? 1 : 0) === 3),
  );
  if (parts.length !== numbers.length) return {};
  const named = Object.fromEntries(parts.map((part, n) => [part, Number(numbers[n])])) as Partial<CalendarDate>;
  const yearText = numbers[parts.indexOf('year')];
  if (yearText !== undefined && named.year !== undefined && yearText.length === 2) named.year += 2000;
  return month === undefined ? named : { ...named, month };
}

function completeDate({ year, month, day }: Partial<CalendarDate>, today: WallTime): CalendarDate | undefined {
  if (month === undefined || day === undefined) return undefined;
  if (year !== undefined)
    return year >= 1000 && isCalendarDate({ year, month, day }) ? { year, month, day } : undefined;
  const isPast = month < today.month || (month === today.month && day < today.day);
  const next = { year: today.year + (isPast ? 1 : 0), month, day };
  return isCalendarDate(next) ? next : undefined;
}
