/** The values of a task in the words and dates of a reader. */
import type { TaskOrder, TaskPriority, TaskStatus } from '@/gql';

export const STATUS: Record<TaskStatus, string> = { TODO: 'To do', IN_PROGRESS: 'In progress', DONE: 'Done' };
export const PRIORITY: Record<TaskPriority, string> = {
  NONE: 'No priority',
  LOW: 'Low',
  MEDIUM: 'Medium',
  HIGH: 'High',
  URGENT: 'Urgent',
};
export const ORDER: Record<TaskOrder, string> = {
  NEWEST: 'Newest first',
  OLDEST: 'Oldest first',
  EXPIRING_SOON: 'Expiring soon',
};

/** For a select: the values in their order, with their words. */
export function options<T extends string>(words: Record<T, string>): { value: T; label: string }[] {
  return (Object.entries(words) as [T, string][]).map(([value, label]) => ({ value, label }));
}

const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', year: 'numeric' });
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export function shortDate(iso: string): string {
  const date = new Date(iso);
  return (date.getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(date);
}

export function longDate(iso: string): string {
  return moment.format(new Date(iso));
}

const STEPS: [limit: number, unit: number, sign: string][] = [
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [30 * 86_400_000, 86_400_000, 'd'],
];

/** How long there is until then: "in 5 h", "in 3 d", or the day. */
export function timeLeft(iso: string): { text: string; soon: boolean } {
  const left = new Date(iso).getTime() - Date.now();
  const step = STEPS.find(([limit]) => left < limit);
  const text = step ? `in ${Math.max(Math.floor(left / step[1]), 1)} ${step[2]}` : shortDate(iso);
  return { text, soon: left < 86_400_000 };
}

export function count(value: number): string {
  return value.toLocaleString('en');
}
