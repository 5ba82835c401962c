/** The fields that hold a time: what sets them apart in the picker. */
import { expiryUrgency } from '@/features/tasks/expiryUrgency';
import { dueUrgency } from '@/features/tasks/dueDate';
import { t } from '@/ui/messages';

export type TimeField = 'expiresAt' | 'dueAt';

export interface TimeRules {
  /** Whether a time in the past can be set. */
  allowsPast: boolean;
  /** The hour that a day without a time means: a task expires before work begins, and is due when it ends. */
  hour: number;
}

export const TIME_RULES: Record<TimeField, TimeRules> = {
  expiresAt: { allowsPast: false, hour: 9 },
  dueAt: { allowsPast: true, hour: 18 },
};

interface TimeTexts {
  label: string;
  description: string;
  none: string;
  clear: string;
  set: string;
  noteOne: string;
  noteMany: string;
}

/** Return the texts of a field. Read when they are shown, because the messages are loaded after this module. */
export function timeTexts(field: TimeField): TimeTexts {
  return field === 'expiresAt'
    ? {
        label: t('expiry.field.label'),
        description: t('expiry.field.description'),
        none: t('expiry.field.never'),
        clear: t('expiry.clear'),
        set: t('expiry.set'),
        noteOne: t('expiry.warning.one'),
        noteMany: t('expiry.warning.many'),
      }
    : {
        label: t('due.field.label'),
        description: t('due.field.description'),
        none: t('due.field.none'),
        clear: t('due.clear'),
        set: t('due.set'),
        noteOne: t('due.note.one'),
        noteMany: t('due.note.many'),
      };
}

/** Return how a time is marked: `hour` and `overdue` are the most urgent. */
export function urgencyOf(field: TimeField, iso: string, now: Date): string {
  return field === 'expiresAt' ? expiryUrgency(iso, now) : dueUrgency(iso, now);
}
