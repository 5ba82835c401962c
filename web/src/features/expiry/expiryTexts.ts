/** The texts of the expiry picker that depend on a choice. */
import { t } from '@/ui/messages';
import { formatTimeOfDay } from '@/ui/timeFormat';
import type { PresetName } from './expiryPresets';
import type { Resolved } from './localTime';
import type { ExpiryProblem } from './useExpiryInput';

const PRESET_LABELS: Record<PresetName | 'never', () => string> = {
  hour: () => t('expiry.preset.hour'),
  evening: () => t('expiry.preset.evening'),
  midnight: () => t('expiry.preset.midnight'),
  tomorrow: () => t('expiry.preset.tomorrow'),
  monday: () => t('expiry.preset.monday'),
  week: () => t('expiry.preset.week'),
  month: () => t('expiry.preset.month'),
  never: () => t('expiry.preset.never'),
};

export function presetLabel(name: PresetName | 'never'): string {
  return PRESET_LABELS[name]();
}

export function problemText(problem: ExpiryProblem, example: string): string {
  if (problem === 'empty') return t('expiry.problem.empty', { example });
  if (problem === 'unreadable') return t('expiry.problem.unreadable', { example });
  return problem === 'past' ? t('expiry.problem.past') : t('expiry.problem.tooLate');
}

/** Explain a time that the clocks skip or show twice. */
export function clockChangeText({ kind, wall, at }: Resolved): string | undefined {
  // Any day has this time in UTC, so it is shown as typed.
  const time = formatTimeOfDay(new Date(Date.UTC(2026, 0, 1, wall.hour, wall.minute)), { timeZone: 'UTC' });
  if (kind === 'skipped') return t('expiry.skipped', { time, used: formatTimeOfDay(at) });
  return kind === 'repeated' ? t('expiry.repeated', { time }) : undefined;
}
