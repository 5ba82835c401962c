/** The range of time in the URL, and the period that the service is asked for. */
import { parseDayRange, timeInDay, writeDayRange } from '@/features/filters/dayRange';
import type { InsightsResolution } from '@/gql/insight';

/** The last hour, 24 hours, 7 days or 30 days. The period that is not over yet is its last point. */
export const PRESETS = ['hour', 'day', '7d', '30d'] as const;
export type Preset = (typeof PRESETS)[number];
export const DEFAULT_RANGE = 'day';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEPS: Record<InsightsResolution, number> = { MINUTE: MINUTE_MS, HOUR: HOUR_MS, DAY: DAY_MS };
const PRESET_POINTS: Record<Preset, [InsightsResolution, number]> = {
  hour: ['MINUTE', 60],
  day: ['HOUR', 24],
  '7d': ['HOUR', 7 * 24],
  '30d': ['DAY', 30],
};
/** Longer ranges have a point for each day. */
const MAX_DAYS_BY_HOUR = 14;
/** How long the service keeps hours. */
const HOURS_KEPT_DAYS = 92;
/** The length of a range of days without a start. */
const DEFAULT_DAYS = 30;

export interface Period {
  from: Date;
  /** Exclusive. */
  to: Date;
  resolution: InsightsResolution;
}

export function isPreset(range: string): range is Preset {
  return PRESETS.some((preset) => preset === range);
}

/** Return the range of the URL, or null if the text is none. Days are written as `2026-11-01..2026-11-30`. */
export function parseRange(text: string): string | null {
  if (isPreset(text)) return text;
  const days = parseDayRange(text);
  return days && writeDayRange(days);
}

/** Return the period of a range, which ends now at the latest. */
export function periodOf(range: string, now: number): Period {
  if (!isPreset(range)) return periodOfDays(range, now);
  const [resolution, points] = PRESET_POINTS[range];
  const to = endOfPoint(now, resolution);
  return { from: new Date(to - points * STEPS[resolution]), to: new Date(to), resolution };
}

function periodOfDays(range: string, now: number): Period {
  const { first, last } = parseDayRange(range) ?? { first: null, last: null };
  const lastDay = last === null ? new Date(now) : timeInDay(last);
  const firstDay = first === null ? new Date(lastDay.getTime() - (DEFAULT_DAYS - 1) * DAY_MS) : timeInDay(first);
  const [from, end] = [midnight(firstDay, 0), midnight(lastDay, 1)];
  const lengthMs = end - from;
  const byHour = lengthMs <= MAX_DAYS_BY_HOUR * DAY_MS + HOUR_MS && from - lengthMs > now - HOURS_KEPT_DAYS * DAY_MS;
  if (byHour) return ending(from, end, now, 'HOUR');
  return ending(utcMidnight(firstDay, 0), utcMidnight(lastDay, 1), now, 'DAY');
}

function ending(from: number, end: number, now: number, resolution: InsightsResolution): Period {
  const latest = endOfPoint(now, resolution);
  // A range in the future stays unchanged, and has no data.
  return { from: new Date(from), to: new Date(from < latest ? Math.min(end, latest) : end), resolution };
}

/** Return the end of the point in which a time is. */
function endOfPoint(time: number, resolution: InsightsResolution): number {
  const step = STEPS[resolution];
  return Math.floor(time / step) * step + step;
}

function midnight(day: Date, offset: number): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + offset).getTime();
}

/** The service counts days in UTC. */
function utcMidnight(day: Date, offset: number): number {
  return Date.UTC(day.getFullYear(), day.getMonth(), day.getDate() + offset);
}
