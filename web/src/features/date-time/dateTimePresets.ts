/** The times that the picker offers. */
import { TIME_RULES, type TimeField } from './timeFields';
import { addDays, addMonths, resolveWallTime, type WallTime, wallTimeOf, weekdayOf } from './localTime';

export type PresetName = 'hour' | 'today' | 'evening' | 'midnight' | 'tomorrow' | 'monday' | 'week' | 'month';

export interface DateTimePreset {
  name: PresetName;
  at: Date;
}

const HOUR_MS = 3_600_000;
const EVENING_HOUR = 18;
const MONDAY = 1;

/** Return the presets of a field. An hour is 60 minutes; days, weeks and months keep the time on the clock. */
export function dateTimePresets(field: TimeField, now: Date): DateTimePreset[] {
  return field === 'expiresAt' ? expiryPresets(now) : duePresets(now);
}

function preset(name: PresetName, wall: WallTime): DateTimePreset {
  return { name, at: resolveWallTime(wall).at };
}

function expiryPresets(now: Date): DateTimePreset[] {
  const { hour } = TIME_RULES.expiresAt;
  const today = wallTimeOf(now);
  const evening = preset('evening', atHour(today, EVENING_HOUR));
  return [
    { name: 'hour', at: new Date(now.getTime() + HOUR_MS) },
    evening.at > now ? evening : preset('midnight', atHour(addDays(today, 1), 0)),
    preset('tomorrow', atHour(addDays(today, 1), hour)),
    preset('monday', atHour(addDays(today, daysUntilMonday(today)), hour)),
    preset('week', addDays(today, 7)),
    preset('month', addMonths(today, 1)),
  ];
}

/** All at the end of a working day. Today has a later end in the evening. */
function duePresets(now: Date): DateTimePreset[] {
  const { hour } = TIME_RULES.dueAt;
  const today = wallTimeOf(now);
  return [
    preset('today', today.hour < hour ? atHour(today, hour) : { ...today, hour: 23, minute: 59 }),
    preset('tomorrow', atHour(addDays(today, 1), hour)),
    preset('monday', atHour(addDays(today, daysUntilMonday(today)), hour)),
    preset('week', atHour(addDays(today, 7), hour)),
    preset('month', atHour(addMonths(today, 1), hour)),
  ];
}

function atHour(wall: WallTime, hour: number): WallTime {
  return { ...wall, hour, minute: 0 };
}

/** Return 1 to 7: on a Monday, the next one is a week away. */
function daysUntilMonday(today: WallTime): number {
  return (MONDAY + 7 - weekdayOf(today)) % 7 || 7;
}
