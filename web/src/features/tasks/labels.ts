/** The values of task fields as the page displays them. */
import type { TaskOrder, TaskPriority, TaskStatus } from '@/gql';
import { t } from '@/ui/messages';

// The labels are read when they are shown, because the messages are loaded after this module.
export const STATUS_LABELS: Readonly<Record<TaskStatus, string>> = {
  get TODO() {
    return t('tasks.status.todo');
  },
  get IN_PROGRESS() {
    return t('tasks.status.inProgress');
  },
  get DONE() {
    return t('tasks.status.done');
  },
};

export const PRIORITY_LABELS: Readonly<Record<TaskPriority, string>> = {
  get NONE() {
    return t('tasks.priority.none');
  },
  get LOW() {
    return t('tasks.priority.low');
  },
  get MEDIUM() {
    return t('tasks.priority.medium');
  },
  get HIGH() {
    return t('tasks.priority.high');
  },
  get URGENT() {
    return t('tasks.priority.urgent');
  },
};

/** An order that every list of tasks has. The page does not offer those that MILLITASK_VIEWS has to declare. */
export type PageOrder = Exclude<TaskOrder, 'DUE_FIRST' | 'PRIORITY_FIRST'>;

export const ORDER_LABELS: Readonly<Record<PageOrder, string>> = {
  get NEWEST() {
    return t('tasks.order.newest');
  },
  get OLDEST() {
    return t('tasks.order.oldest');
  },
  get EXPIRING_SOON() {
    return t('tasks.order.expiringSoon');
  },
};

/** Return the options of a select, in the order of the labels. */
export function selectOptions<T extends string>(labels: Readonly<Record<T, string>>): { value: T; label: string }[] {
  return (Object.entries(labels) as [T, string][]).map(([value, label]) => ({ value, label }));
}

/** Return "1 task" or "1,200 tasks". */
export function formatTaskCount(count: number): string {
  return t('tasks.count', { count });
}
