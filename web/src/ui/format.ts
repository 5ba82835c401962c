/** Numbers, dates and durations as the page displays them, in its locale. */
import { locale } from './language';
import { textLocale } from './locale';
import { t } from './messages';

const dateLocale = textLocale();
const monthAndDay = new Intl.DateTimeFormat(dateLocale, { month: 'short', day: 'numeric' });
const monthDayAndYear = new Intl.DateTimeFormat(dateLocale, { month: 'short', day: 'numeric', year: 'numeric' });
const dateAndTime = new Intl.DateTimeFormat(dateLocale, { dateStyle: 'medium', timeStyle: 'short' });
const distance = new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'auto' });
const count = new Intl.NumberFormat(locale);
const list = new Intl.ListFormat(locale);
const values = new Intl.ListFormat(locale, { type: 'unit' });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A time further away is shown as a date. */
const MAX_DAYS = 30;

export function formatCount(value: number): string {
  return count.format(value);
}

/** Return "12.3 ms". */
export function formatMilliseconds(value: number, digits: number): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, { style: 'unit', unit: 'millisecond', ...options }).format(value);
}

/** Return "title, status, and priority". */
export function formatList(items: string[]): string {
  return list.format(items);
}

/** Return "Low, High, Urgent". */
export function formatValues(items: string[]): string {
  return values.format(items);
}

/** A number of items. If it is not exact, there are more. */
export interface Total {
  count: number;
  exact: boolean;
}

/** Return "1,234", or "100+" if there are more. */
export function formatTotal({ count, exact }: Total): string {
  return exact ? formatCount(count) : `${formatCount(count)}+`;
}

/** Return "Nov 27", with the year unless it is the current one. */
export function formatShortDate(iso: string, now = new Date()): string {
  const date = new Date(iso);
  return (date.getFullYear() === now.getFullYear() ? monthAndDay : monthDayAndYear).format(date);
}

/** Return "Nov 1 – 27", or "Nov 27" for one day, with the year unless both are in the current one. */
export function formatDayRange(first: Date, last: Date, now = new Date()): string {
  const currentYear = [first, last].every((day) => day.getFullYear() === now.getFullYear());
  return (currentYear ? monthAndDay : monthDayAndYear).formatRange(first, last);
}

/** Return "Nov 27, 2026, 6:00 PM". */
export function formatLongDate(iso: string): string {
  return dateAndTime.format(new Date(iso));
}

/** Return the number of midnights from one time to another: how people count days. It is negative for an earlier time. */
export function calendarDays(from: Date, to: Date): number {
  // In UTC, because a day with a change of the clocks is not 24 hours long.
  const dayOf = (time: Date) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.round((dayOf(to) - dayOf(from)) / DAY_MS);
}

/** Return "today", "tomorrow" or "3 days ago". */
export function formatRelativeDay(days: number): string {
  return distance.format(days, 'day');
}

/** Return "in 5 hr.", "tomorrow" or "3 days ago", or undefined for a time more than 30 days away. */
function formatDistance(time: Date, now: Date): string | undefined {
  const awayMs = time.getTime() - now.getTime();
  const whole = (unitMs: number) => Math.sign(awayMs) * Math.max(Math.floor(Math.abs(awayMs) / unitMs), 1);
  if (Math.abs(awayMs) < HOUR_MS) return distance.format(whole(MINUTE_MS), 'minute');
  if (Math.abs(awayMs) < DAY_MS) return distance.format(whole(HOUR_MS), 'hour');
  const days = calendarDays(now, time);
  return Math.abs(days) <= MAX_DAYS ? distance.format(days, 'day') : undefined;
}

/** Return "in 5 hr.", "tomorrow" or "in 3 days", or the date when it is more than 30 days away. */
export function formatTimeLeft(iso: string, now = new Date()): string {
  return formatDistance(atLeastAMinuteAway(iso, now), now) ?? formatShortDate(iso, now);
}

/** Return "now", "in 5 hr.", "tomorrow" or "in 3 days", or "on Nov 27" for a time more than 30 days away. */
export function formatTimeUntil(iso: string, now = new Date()): string {
  if (new Date(iso) <= now) return distance.format(0, 'second');
  return formatDistance(atLeastAMinuteAway(iso, now), now) ?? t('time.onDate', { date: formatShortDate(iso, now) });
}

function atLeastAMinuteAway(iso: string, now: Date): Date {
  return new Date(Math.max(new Date(iso).getTime(), now.getTime() + MINUTE_MS));
}

/** Return "just now", "5 min. ago", "yesterday" or "3 days ago", or "on Nov 27" for a time more than 30 days ago. */
export function formatTimeAgo(iso: string, now = new Date()): string {
  const time = new Date(iso);
  if (now.getTime() - time.getTime() < MINUTE_MS) return t('time.justNow');
  return formatDistance(time, now) ?? t('time.onDate', { date: formatShortDate(iso, now) });
}
