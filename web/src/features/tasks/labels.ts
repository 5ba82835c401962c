/** The values of task fields as the page displays them. */
import type { TaskOrder, TaskPriority, TaskStatus } from '@/gql';
import { formatCount } from '@/ui/format';

export const STATUS_LABELS: Record<TaskStatus, string> = { TODO: 'To do', IN_PROGRESS: 'In progress', DONE: 'Done' };

export const PRIORITY_LABELS: Record<TaskPriority, string> = {
  NONE: 'No priority',
  LOW: 'Low',
  MEDIUM: 'Medium',
  HIGH: 'High',
  URGENT: 'Urgent',
};

export const ORDER_LABELS: Record<TaskOrder, string> = {
  NEWEST: 'Newest first',
  OLDEST: 'Oldest first',
  EXPIRING_SOON: 'Expiring soon',
};

/** Return the options of a select, in the order of the labels. */
export function selectOptions<T extends string>(labels: Record<T, string>): { value: T; label: string }[] {
  return (Object.entries(labels) as [T, string][]).map(([value, label]) => ({ value, label }));
}

/** Return "1 task" or "1,200 tasks". */
export function formatTaskCount(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'task' : 'tasks'}`;
}
