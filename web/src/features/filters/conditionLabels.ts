/** The conditions of a filter in words. */
import { PRIORITY_LABELS } from '@/features/tasks/labels';
import { listName } from '@/features/tasks/taskLists';
import { isolate } from '@/ui/bidi';
import { formatDayRange, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';
import { activeConditions, type ConditionName, type Conditions, type RangeCondition } from './conditions';
import { parseDayRange, timeInDay } from './dayRange';

export function conditionName(name: ConditionName): string {
  return {
    list: t('tasks.field.listId'),
    assignee: t('tasks.field.assignee'),
    label: t('filters.label'),
    priority: t('filters.priority'),
    created: t('filters.created'),
    expires: t('filters.expires'),
    due: t('filters.due'),
  }[name];
}

/** Return the names of the relative ranges of a condition. */
export function rangeLabels(name: RangeCondition): Readonly<Record<string, string>> {
  if (name === 'due') {
    return { overdue: t('filters.overdue'), today: t('filters.dueToday'), '7d': t('filters.dueNext7Days') };
  }
  return name === 'created'
    ? {
        today: t('filters.createdToday'),
        '7d': t('filters.createdLast7Days'),
        '30d': t('filters.createdLast30Days'),
      }
    : { '24h': t('filters.expiresWithin24Hours'), '7d': t('filters.expiresWithin7Days') };
}

/** Return a text such as "Priority: High, Urgent" or "Created: last 7 days". */
export function conditionLabel(conditions: Conditions, name: ConditionName): string {
  return t('filters.chip', { name: conditionName(name), value: conditionValue(conditions, name) });
}

export function conditionLabels(conditions: Conditions): string[] {
  return activeConditions(conditions).map((name) => conditionLabel(conditions, name));
}

/** Return the value of an active condition in words. */
export function conditionValue(conditions: Conditions, name: ConditionName): string {
  if (name === 'priority') return formatValues((conditions.priority ?? []).map((value) => PRIORITY_LABELS[value]));
  const value = conditions[name] ?? '';
  if (name === 'list') return listName(value);
  if (name === 'assignee' || name === 'label') return isolate(value);
  return rangeLabels(name)[value] ?? daysLabel(value);
}

function daysLabel(range: string): string {
  const { first = null, last = null } = parseDayRange(range) ?? {};
  const [start, end] = [first && timeInDay(first), last && timeInDay(last)];
  if (start && end) return formatDayRange(start, end);
  if (start) return t('filters.fromDay', { day: formatDayRange(start, start) });
  return end ? t('filters.untilDay', { day: formatDayRange(end, end) }) : '';
}
