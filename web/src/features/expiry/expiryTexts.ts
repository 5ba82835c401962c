/** The texts of the expiry picker. */
import { formatTimeOfDay } from '@/ui/timeFormat';
import type { PresetName } from './expiryPresets';
import type { Resolved } from './localTime';
import type { ExpiryProblem } from './useExpiryInput';

export const PRESET_LABELS: Record<PresetName | 'never', string> = {
  hour: 'In an hour',
  evening: 'This evening',
  midnight: 'At midnight',
  tomorrow: 'Tomorrow',
  monday: 'Next Monday',
  week: 'In a week',
  month: 'In a month',
  never: 'Never',
};

export function warningText(many: boolean): string {
  return many
    ? 'The tasks disappear for everyone at that time. They cannot be restored.'
    : 'The task disappears for everyone at that time. It cannot be restored.';
}

export function problemText(problem: ExpiryProblem, example: string): string {
  const texts: Record<ExpiryProblem, string> = {
    empty: `Type a date such as ${example}, or choose a day in the calendar.`,
    unreadable: `This is not a date. Type a date such as ${example}.`,
    past: 'This time is in the past. Choose a time in the future.',
    'too late': 'This time is too far away. Choose a time before the year 2200.',
  };
  return texts[problem];
}

/** Explain a time that the clocks skip or show twice. */
export function clockChangeText({ kind, wall, at }: Resolved): string | undefined {
  // Any day has this time in UTC, so it is shown as typed.
  const typed = formatTimeOfDay(new Date(Date.UTC(2026, 0, 1, wall.hour, wall.minute)), { timeZone: 'UTC' });
  if (kind === 'skipped') {
    return `${typed} does not exist on this day, because the clocks go forward. ${formatTimeOfDay(at)} is used instead.`;
  }
  return kind === 'repeated' ? `${typed} exists twice on this day, because the clocks go back.` : undefined;
}
