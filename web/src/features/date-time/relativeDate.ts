/** Dates relative to now, in the words of `Intl.RelativeTimeFormat`: "tomorrow", "in 3 days", "in 2 Stunden". */
import { addDays, addMonths, timeOnDay, type Resolved, resolveWallTime, type TimeOfDay, wallTimeOf } from './localTime';

const UNITS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;

interface RelativeDate {
  amount: number;
  unit: (typeof UNITS)[number];
  /** Whether the day has a name, such as "tomorrow". */
  isName: boolean;
  /** The text without the relative date. */
  rest: string;
}

const NAMED_DAYS = [2, 1, 0];
const MINUTE_MS = 60_000;

/** Find a relative date in a lower-case text. */
export function findRelative(text: string, locales: string[]): RelativeDate | undefined {
  const amount = Number(/\d{1,4}/.exec(text)?.[0]);
  const names = NAMED_DAYS.map((days) => ({ amount: days, unit: 'day' as const, isName: true }));
  const counted = Number.isNaN(amount) ? [] : UNITS.map((unit) => ({ amount, unit, isName: false }));
  for (const candidate of [...names, ...counted]) {
    for (const locale of locales) {
      const format = new Intl.RelativeTimeFormat(locale, { numeric: candidate.isName ? 'auto' : 'always' });
      const phrase = format.format(candidate.amount, candidate.unit).toLowerCase();
      if (text.includes(phrase)) return { ...candidate, rest: text.replace(phrase, ' ') };
    }
  }
  return undefined;
}

/** Return the time that is later by this amount. Hours and minutes elapse; days and more keep the time on the clock. */
export function shiftTime(
  now: Date,
  { amount, unit }: Pick<RelativeDate, 'amount' | 'unit'>,
  time: TimeOfDay | 'same' | { defaultHour: number },
): Resolved | undefined {
  const today = wallTimeOf(now);
  if (unit === 'minute' || unit === 'hour') {
    const at = new Date(now.getTime() + amount * (unit === 'hour' ? 60 : 1) * MINUTE_MS);
    return time === 'same' ? { kind: 'once', at, wall: wallTimeOf(at) } : undefined;
  }
  const day =
    unit === 'day' || unit === 'week'
      ? addDays(today, amount * (unit === 'week' ? 7 : 1))
      : addMonths(today, amount * (unit === 'year' ? 12 : 1));
  if (typeof time === 'object' && 'defaultHour' in time) return resolveWallTime(timeOnDay(day, now, time.defaultHour));
  return resolveWallTime(time === 'same' ? day : { ...day, ...time });
}
