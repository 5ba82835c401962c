/** Numbers, dates and durations as the page displays them. */

const monthAndDay = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const monthDayAndYear = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', year: 'numeric' });
const dateAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The largest unit that is shown for a time closer than `limitMs`. */
const UNITS: { limitMs: number; unitMs: number; symbol: string }[] = [
  { limitMs: HOUR_MS, unitMs: MINUTE_MS, symbol: 'min' },
  { limitMs: DAY_MS, unitMs: HOUR_MS, symbol: 'h' },
  { limitMs: 30 * DAY_MS, unitMs: DAY_MS, symbol: 'd' },
];

export function formatCount(value: number): string {
  return value.toLocaleString('en');
}

/** Return "Nov 27", with the year unless it is the current one. */
export function formatShortDate(iso: string, now = new Date()): string {
  const date = new Date(iso);
  return (date.getFullYear() === now.getFullYear() ? monthAndDay : monthDayAndYear).format(date);
}

/** Return "Nov 27, 2026, 6:00 PM". */
export function formatLongDate(iso: string): string {
  return dateAndTime.format(new Date(iso));
}

/** Return "in 5 h" or "in 3 d", or the date when it is a month away or more. `soon` means within a day. */
export function formatTimeLeft(iso: string, now = new Date()): { text: string; soon: boolean } {
  const leftMs = new Date(iso).getTime() - now.getTime();
  const unit = UNITS.find(({ limitMs }) => leftMs < limitMs);
  const text = unit ? `in ${Math.max(Math.floor(leftMs / unit.unitMs), 1)} ${unit.symbol}` : formatShortDate(iso, now);
  return { text, soon: leftMs < DAY_MS };
}

/** Return "just now", "5 min ago" or "3 d ago", or "on Nov 27" for a time a month ago or earlier. */
export function formatTimeAgo(iso: string, now = new Date()): string {
  const agoMs = now.getTime() - new Date(iso).getTime();
  if (agoMs < MINUTE_MS) return 'just now';
  const unit = UNITS.find(({ limitMs }) => agoMs < limitMs);
  return unit ? `${Math.floor(agoMs / unit.unitMs)} ${unit.symbol} ago` : `on ${formatShortDate(iso, now)}`;
}
