/** The state in the URL: which tasks the list shows, in which order, where it is scrolled to, and the open task. */
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryState, useQueryStates } from 'nuqs';
import { STATUS_LABELS } from '@/features/tasks/labels';
import type { TaskFieldsFragment, TaskStatus } from '@/gql';
import { quote } from '@/ui/bidi';

/** `history: 'push'` makes a change a step that the Back button undoes. */
export const viewParsers = {
  status: parseAsStringLiteral(['TODO', 'IN_PROGRESS', 'DONE'] as const).withOptions({ history: 'push' }),
  order: parseAsStringLiteral(['NEWEST', 'OLDEST', 'EXPIRING_SOON'] as const)
    .withDefault('NEWEST')
    .withOptions({ history: 'push' }),
  /** The search query. A search ignores `order`. */
  q: parseAsString.withDefault(''),
  /** The id of the open task. */
  task: parseAsString.withOptions({ history: 'push' }),
  /** The first visible row, from 1. */
  row: parseAsInteger.withDefault(1),
};

export function useView() {
  return useQueryStates(viewParsers);
}

/** `?trash=1` opens the trash over the list. */
export function useTrashParameter() {
  return useQueryState('trash', parseAsStringLiteral(['1'] as const).withOptions({ history: 'push' }));
}

export type View = ReturnType<typeof useView>[0];
export type SetView = ReturnType<typeof useView>[1];

export const ALL_TAB = 'ALL';

/** Return the status tab of a view. */
export function activeTab({ status }: Pick<View, 'status'>): string {
  return status ?? ALL_TAB;
}

export function tabStatus(tab: string | null): TaskStatus | null {
  return tab === ALL_TAB ? null : (tab as TaskStatus | null);
}

/** Return the name of a view, for the title of the page. */
export function viewTitle({ status, q }: Pick<View, 'status' | 'q'>): string {
  if (q) return status ? `${quote(q)}, ${STATUS_LABELS[status]}` : quote(q);
  return status ? STATUS_LABELS[status] : 'All tasks';
}

/** Return a key that differs between views with different lists. */
export function viewKey({ status, order, q }: Pick<View, 'status' | 'order' | 'q'>): string {
  return q ? `search ${status ?? ALL_TAB} ${q}` : `${status ?? ALL_TAB} ${order}`;
}

/** Whether a new task belongs in the list of this view. */
export function includesTask(
  { status, order }: Pick<View, 'status' | 'order'>,
  task: Pick<TaskFieldsFragment, 'status' | 'expiresAt'>,
): boolean {
  if (status && task.status !== status) return false;
  return order !== 'EXPIRING_SOON' || task.expiresAt !== null;
}

/** Whether updating a task's fields can move it into the list of this view or out of it. */
export function dependsOnFields({ status, order, q }: Pick<View, 'status' | 'order' | 'q'>): boolean {
  return status !== null || (!q && order === 'EXPIRING_SOON');
}

/** Return the end of the list where new tasks appear. None if they appear anywhere, or if the list ignores them. */
export function newTasksEnd({ order, q }: Pick<View, 'order' | 'q'>): 'top' | 'bottom' | undefined {
  if (q || order === 'EXPIRING_SOON') return undefined;
  return order === 'OLDEST' ? 'bottom' : 'top';
}
