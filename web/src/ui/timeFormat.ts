/** Times in the order and on the clock of the person, for the parts that are loaded after the list. See also format.ts. */
import { calendarDays } from './format';
import { textLocale, uses12Hours } from './locale';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Return the hour and minute: "9:00 AM" or "09:00". */
function clockOf(locale: string): Intl.DateTimeFormatOptions {
  return { hour: uses12Hours(locale) ? 'numeric' : '2-digit', minute: '2-digit' };
}

/** Return "Tue, 1 Dec 2026, 09:00" in the order and clock of the person. */
export function formatWeekdayAndTime(at: Date, locale = textLocale()): string {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...clockOf(locale),
  }).format(at);
}

/** Return "Tuesday, 1 December 2026 at 09:00 GMT+1". The offset tells times apart that the clocks show twice. */
export function formatFullTime(at: Date, locale = textLocale()): string {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    ...clockOf(locale),
    timeZoneName: 'shortOffset',
  }).format(at);
}

/** Return "09:00", or "09:00 GMT+1" with `timeZoneName`. */
export function formatTimeOfDay(
  at: Date,
  options: Pick<Intl.DateTimeFormatOptions, 'timeZone' | 'timeZoneName'> = {},
  locale = textLocale(),
): string {
  return new Intl.DateTimeFormat(locale, { ...clockOf(locale), ...options }).format(at);
}

/** Return "in 20 minutes", "in 5 hours", "tomorrow", "in 3 days", "in 6 weeks" or "in 4 months". */
export function formatRemainingTime(at: Date, now: Date, locale = textLocale()): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const ms = at.getTime() - now.getTime();
  if (ms < HOUR_MS) return format.format(Math.max(Math.floor(ms / MINUTE_MS), 1), 'minute');
  if (ms < DAY_MS) return format.format(Math.floor(ms / HOUR_MS), 'hour');
  const days = calendarDays(now, at);
  if (days < 14) return format.format(days, 'day');
  if (days < 60) return format.format(Math.round(days / 7), 'week');
  if (days < 730) return format.format(Math.round(days / 30.44), 'month');
  return format.format(Math.round(days / 365.25), 'year');
}

/** Return "Tuesday, 1 December 2026" for a day in UTC. */
export function formatDay(utcDate: Date, locale = textLocale()): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' }).format(utcDate);
}

/** Return "December 2026", or "Dec", for a day in UTC. */
export function formatMonth(utcDate: Date, style: 'long' | 'short' = 'long', locale = textLocale()): string {
  const year = style === 'long' ? ({ year: 'numeric' } as const) : {};
  return new Intl.DateTimeFormat(locale, { month: style, ...year, timeZone: 'UTC' }).format(utcDate);
}

/** Return "Tue" for a day in UTC. */
export function formatWeekday(utcDate: Date, locale = textLocale()): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' }).format(utcDate);
}
