/** The due date of a task in words. Unlike an expiry, nothing happens at that time. */
import { textLocale } from '@/ui/locale';
import { calendarDays, formatRelativeDay, formatShortDate } from '@/ui/format';
import { t } from '@/ui/messages';

const DAYS_BY_NAME = 7;
const MAX_DAYS_AGO = 30;
const weekday = new Intl.DateTimeFormat(textLocale(), { weekday: 'short' });
const timeOfDay = new Intl.DateTimeFormat(textLocale(), { hour: 'numeric', minute: '2-digit' });

export type DueUrgency = 'overdue' | 'today' | 'later';

export function dueUrgency(dueAt: string, now: Date): DueUrgency {
  const at = new Date(dueAt);
  if (at <= now) return 'overdue';
  return calendarDays(now, at) === 0 ? 'today' : 'later';
}

/** Return "today 18:00", "tomorrow", "Fri", or "Dec 12" for a later day. A past time is "overdue", or "3 days ago". */
export function formatDue(dueAt: string, now: Date): string {
  const at = new Date(dueAt);
  const days = calendarDays(now, at);
  if (days === 0 && at <= now) return t('due.overdue');
  if (days === 0) return t('due.today', { day: formatRelativeDay(0), time: timeOfDay.format(at) });
  if (days === 1 || (days < 0 && days >= -MAX_DAYS_AGO)) return formatRelativeDay(days);
  return days > 1 && days < DAYS_BY_NAME ? weekday.format(at) : formatShortDate(dueAt, now);
}
