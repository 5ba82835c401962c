/**
 * Converts between instants and what a clock on the wall shows, in the person's time zone.
 *
 * When clocks go forward, some wall times do not exist. When they go back, some exist twice. `Date` knows the zone, but
 * does not say either. `Temporal` would, but not every browser has it, and the time zones of dayjs do not.
 */

/** Months count from 1. */
export interface CalendarDate {
  year: number;
  month: number;
  day: number;
}

export interface TimeOfDay {
  hour: number;
  minute: number;
}

/** A date and time without a zone. */
export type WallTime = CalendarDate & TimeOfDay;

export type Resolved = { at: Date; wall: WallTime } & (
  | { kind: 'once' }
  /** The clocks skip this time. `at` is as much later as they go forward: 02:30 becomes 03:30. */
  | { kind: 'skipped' }
  /** The clocks show this time twice. `at` is the first. */
  | { kind: 'repeated'; second: Date }
);

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function wallTimeOf(at: Date): WallTime {
  return {
    year: at.getFullYear(),
    month: at.getMonth() + 1,
    day: at.getDate(),
    hour: at.getHours(),
    minute: at.getMinutes(),
  };
}

/** Return the instant of a wall time. The wall time must be a date of the calendar. */
export function resolveWallTime(wall: WallTime): Resolved {
  const utcMs = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
  // The offsets before and after any change of the clocks at about this time.
  const [before, after] = [utcMs - DAY_MS, utcMs + DAY_MS].map((ms) => new Date(ms).getTimezoneOffset());
  const early = new Date(utcMs + Number(before) * MINUTE_MS);
  const late = new Date(utcMs + Number(after) * MINUTE_MS);
  const matches = [early, late].filter((at) => isSameWallTime(wallTimeOf(at), wall));
  const [first, second] = matches.sort((a, b) => a.getTime() - b.getTime());
  if (!first) return { kind: 'skipped', wall, at: early };
  return second && second > first ? { kind: 'repeated', wall, at: first, second } : { kind: 'once', wall, at: first };
}

function isSameWallTime(a: WallTime, b: WallTime): boolean {
  return a.day === b.day && a.hour === b.hour && a.minute === b.minute;
}

/** Return the same time of day some days later. */
export function addDays(wall: WallTime, days: number): WallTime {
  return { ...wall, ...calendarDate(new Date(Date.UTC(wall.year, wall.month - 1, wall.day + days))) };
}

/** Return the same day and time some months later, or the last day of a month that is shorter. */
export function addMonths(wall: WallTime, months: number): WallTime {
  const lastDay = calendarDate(new Date(Date.UTC(wall.year, wall.month + months, 0)));
  return { ...wall, ...lastDay, day: Math.min(wall.day, lastDay.day) };
}

function calendarDate(utc: Date): CalendarDate {
  return { year: utc.getUTCFullYear(), month: utc.getUTCMonth() + 1, day: utc.getUTCDate() };
}

/** Whether the calendar has this date: not the 31st of November. */
export function isCalendarDate({ year, month, day }: CalendarDate): boolean {
  const utc = new Date(Date.UTC(year, month - 1, day));
  return utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day;
}

/** Return 0 for Sunday to 6 for Saturday. */
export function weekdayOf({ year, month, day }: WallTime): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

/** Return a full hour on this day, or the next full hour if that is later today. Used for a day without a time. */
export function timeOnDay(date: CalendarDate, now: Date, hour: number): WallTime {
  const wanted = { ...date, hour, minute: 0 };
  const today = wallTimeOf(now);
  const isToday = date.day === today.day && date.month === today.month && date.year === today.year;
  if (!isToday || today.hour < hour) return wanted;
  return today.hour === 23 ? { ...wanted, hour: 23, minute: 59 } : { ...wanted, hour: today.hour + 1 };
}
