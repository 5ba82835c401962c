/** Numbers, dates and durations as the page displays them, in its locale. */
import { locale } from './language';
import { textLocale } from './locale';
import { t } from './messages';

const dateLocale = textLocale();
const monthAndDay = new Intl.DateTimeFormat(dateLocale, { month: 'short', day: 'numeric' });
const monthDayAndYear = new Intl.DateTimeFormat(dateLocale, { month: 'short', day: 'numeric', year: 'numeric' });
const dateAndTime = new Intl.DateTimeFormat(dateLocale, { dateStyle: 'medium', timeStyle: 'short' });
const distance = new Intl.RelativeTimeFormat(locale, { style: 'short' });
const instant = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const count = new Intl.NumberFormat(locale);
const list = new Intl.ListFormat(locale);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The largest unit that is shown for a time closer than `limitMs`. */
const UNITS: { limitMs: number; unitMs: number; unit: Intl.RelativeTimeFormatUnit }[] = [
  { limitMs: HOUR_MS, unitMs: MINUTE_MS, unit: 'minute' },
  { limitMs: DAY_MS, unitMs: HOUR_MS, unit: 'hour' },
  { limitMs: 30 * DAY_MS, unitMs: DAY_MS, unit: 'day' },
];

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

/** Return "in 5 hr." or "3 days ago", or undefined for a time that is a month away or more. */
function formatDistance(awayMs: number): string | undefined {
  const unit = UNITS.find(({ limitMs }) => Math.abs(awayMs) < limitMs);
  return unit && distance.format(Math.sign(awayMs) * Math.floor(Math.abs(awayMs) / unit.unitMs), unit.unit);
}

/** Return "in 5 hr." or "in 3 days", or the date when it is a month away or more. */
export function formatTimeLeft(iso: string, now = new Date()): string {
  const leftMs = new Date(iso).getTime() - now.getTime();
  return formatDistance(Math.max(leftMs, MINUTE_MS)) ?? formatShortDate(iso, now);
}

/** Return "now", "in 5 hr." or "in 3 days", or "on Nov 27" for a time a month away or more. */
export function formatTimeUntil(iso: string, now = new Date()): string {
  const leftMs = new Date(iso).getTime() - now.getTime();
  if (leftMs <= 0) return instant.format(0, 'second');
  return formatDistance(Math.max(leftMs, MINUTE_MS)) ?? t('time.onDate', { date: formatShortDate(iso, now) });
}

/** Return "just now", "5 min. ago" or "3 days ago", or "on Nov 27" for a time a month ago or earlier. */
export function formatTimeAgo(iso: string, now = new Date()): string {
  const agoMs = now.getTime() - new Date(iso).getTime();
  if (agoMs < MINUTE_MS) return t('time.justNow');
  return formatDistance(-agoMs) ?? t('time.onDate', { date: formatShortDate(iso, now) });
}
