/** The texts of the expiry picker that depend on a choice. */
import { t } from '@/ui/messages';
import { formatTimeOfDay } from '@/ui/timeFormat';
import type { PresetName } from './dateTimePresets';
import type { Resolved } from './localTime';
import type { DateTimeProblem } from './useDateTimeInput';

const PRESET_LABELS: Record<PresetName, () => string> = {
  hour: () => t('dateTime.preset.hour'),
  evening: () => t('dateTime.preset.evening'),
  today: () => t('dateTime.preset.today'),
  midnight: () => t('dateTime.preset.midnight'),
  tomorrow: () => t('dateTime.preset.tomorrow'),
  monday: () => t('dateTime.preset.monday'),
  week: () => t('dateTime.preset.week'),
  month: () => t('dateTime.preset.month'),
};

export function presetLabel(name: PresetName): string {
  return PRESET_LABELS[name]();
}

export function problemText(problem: DateTimeProblem, example: string): string {
  if (problem === 'empty') return t('dateTime.problem.empty', { example });
  if (problem === 'unreadable') return t('dateTime.problem.unreadable', { example });
  if (problem === 'too early') return t('dateTime.problem.tooEarly');
  return problem === 'past' ? t('dateTime.problem.past') : t('dateTime.problem.tooLate');
}

/** Explain a time that the clocks skip or show twice. */
export function clockChangeText({ kind, wall, at }: Resolved): string | undefined {
  // Any day has this time in UTC, so it is shown as typed.
  const time = formatTimeOfDay(new Date(Date.UTC(2026, 0, 1, wall.hour, wall.minute)), { timeZone: 'UTC' });
  if (kind === 'skipped') return t('dateTime.skipped', { time, used: formatTimeOfDay(at) });
  return kind === 'repeated' ? t('dateTime.repeated', { time }) : undefined;
}
