/** The times that the expiry picker offers. */
import { addDays, addMonths, resolveWallTime, type WallTime, wallTimeOf, weekdayOf } from './localTime';

export type PresetName = 'hour' | 'evening' | 'midnight' | 'tomorrow' | 'monday' | 'week' | 'month';

export interface DateTimePreset {
  name: PresetName;
  at: Date;
}

const HOUR_MS = 3_600_000;
const EVENING_HOUR = 18;
const MORNING_HOUR = 9;
const MONDAY = 1;

/** Return the presets. An hour is 60 minutes; days, weeks and months keep the time on the clock. */
export function dateTimePresets(now: Date): DateTimePreset[] {
  const today = wallTimeOf(now);
  const preset = (name: PresetName, wall: WallTime) => ({ name, at: resolveWallTime(wall).at });
  const evening = preset('evening', atHour(today, EVENING_HOUR));
  return [
    { name: 'hour', at: new Date(now.getTime() + HOUR_MS) },
    evening.at > now ? evening : preset('midnight', atHour(addDays(today, 1), 0)),
    preset('tomorrow', atHour(addDays(today, 1), MORNING_HOUR)),
    preset('monday', atHour(addDays(today, daysUntilMonday(today)), MORNING_HOUR)),
    preset('week', addDays(today, 7)),
    preset('month', addMonths(today, 1)),
  ];
}

function atHour(wall: WallTime, hour: number): WallTime {
  return { ...wall, hour, minute: 0 };
}

/** Return 1 to 7: on a Monday, the next one is a week away. */
function daysUntilMonday(today: WallTime): number {
  return (MONDAY + 7 - weekdayOf(today)) % 7 || 7;
}
