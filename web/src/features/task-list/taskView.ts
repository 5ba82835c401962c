/** What the list shows and where it stands, as it is in the URL. */
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import type { TaskFieldsFragment } from '@/gql';

const parsers = {
  status: parseAsStringLiteral(['TODO', 'IN_PROGRESS', 'DONE'] as const).withOptions({ history: 'push' }),
  order: parseAsStringLiteral(['NEWEST', 'OLDEST', 'EXPIRING_SOON'] as const)
    .withDefault('NEWEST')
    .withOptions({ history: 'push' }),
  q: parseAsString.withDefault(''),
  /** The open task. */
  task: parseAsString.withOptions({ history: 'push' }),
  /** The row at the top of the screen, from 1. */
  row: parseAsInteger.withDefault(1),
};

export function useView() {
  return useQueryStates(parsers);
}

export type View = ReturnType<typeof useView>[0];
export type SetView = ReturnType<typeof useView>[1];

export function viewKey({ status, order, q }: View): string {
  return q ? `search ${q}` : `${status ?? 'ALL'} ${order}`;
}

/** Whether a new task has a place in this view. */
export function belongs(task: Pick<TaskFieldsFragment, 'status' | 'expiresAt'>, { status, order }: View): boolean {
  if (status && task.status !== status) return false;
  return order !== 'EXPIRING_SOON' || task.expiresAt !== null;
}

/** Whether an update can move a task into the view or out of it. */
export function goesByFields({ status, order, q }: View): boolean {
  return !q && (status !== null || order === 'EXPIRING_SOON');
}
