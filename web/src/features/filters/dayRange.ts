/** A range of days in the person's time zone, both ends included. Written as `2026-11-01..2026-11-30`. */

export interface DayRange {
  /** A day as `2026-11-01`. Null for no start. */
  first: string | null;
  /** Null for no end. */
  last: string | null;
}

const RANGE = /^(\d{4}-\d{2}-\d{2})?\.\.(\d{4}-\d{2}-\d{2})?$/;
/** The service takes no later times. */
const LAST_DAY = '9999-12-30';

/** Return the range, or null if the text is none, or if the range is empty. */
export function parseDayRange(text: string): DayRange | null {
  const match = RANGE.exec(text);
  const [first, last] = [match?.[1] ?? null, match?.[2] ?? null];
  if (first === null && last === null) return null;
  if ((first !== null && !isDay(first)) || (last !== null && !isDay(last))) return null;
  return first !== null && last !== null && first > last ? null : { first, last };
}

export function writeDayRange({ first, last }: DayRange): string {
  return `${first ?? ''}..${last ?? ''}`;
}

/** Return the midnight at which a day begins. `offset` moves it by days, right across changes of the clock. */
export function startOfDay(day: Date, offset = 0): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + offset);
}

/** Return the day of the person's calendar in which the time is, as `2026-11-01`. */
export function dayOf(time: Date): string {
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return [digits(time.getFullYear(), 4), digits(time.getMonth() + 1, 2), digits(time.getDate(), 2)].join('-');
}

/** Return a time in the day. */
export function timeInDay(day: string): Date {
  return new Date(`${day}T12:00:00`);
}

/** A year before 1000 would be read as one of another century. */
function isDay(text: string): boolean {
  const time = timeInDay(text);
  return !Number.isNaN(time.getTime()) && dayOf(time) === text && text >= '1000' && text <= LAST_DAY;
}
