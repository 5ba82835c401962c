/** The bulk changes that the page offers, and what it says about them. */
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { listName } from '@/features/tasks/taskLists';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import type { BulkFields, TaskEdit } from './bulkItem';
import type { OperationKind } from './bulkOperations';

export type BulkChange = TaskEdit | { kind: 'delete' };

export function runningLabel(change: BulkChange): string {
  if (change.kind === 'delete') return t('bulk.running.delete');
  return change.kind === 'update' && change.fields.status === 'DONE'
    ? t('bulk.running.complete')
    : t('bulk.running.change');
}

export function doneMessage(change: BulkChange, count: number): string {
  if (change.kind === 'delete') return t('bulk.done.deleted', { count });
  if (change.kind === 'labels') return t('bulk.done.labelsChanged', { count });
  return doneWith(change.fields, count);
}

function doneWith({ status, priority, expiresAt, dueAt, assignee, listId }: BulkFields, count: number): string {
  if (status === 'DONE') return t('bulk.done.completed', { count });
  if (status) return t('bulk.done.statusSet', { count, status: STATUS_LABELS[status] });
  if (priority) return t('bulk.done.prioritySet', { count, priority: PRIORITY_LABELS[priority] });
  if (dueAt !== undefined)
    return dueAt === null ? t('bulk.done.dueRemoved', { count }) : t('bulk.done.dueChanged', { count });
  if (assignee) return t('bulk.done.assigned', { count, assignee: isolate(assignee) });
  if (assignee === null) return t('bulk.done.unassigned', { count });
  if (listId) return t('bulk.done.moved', { count, list: listName(listId) });
  if (listId === null) return t('bulk.done.removedFromList', { count });
  return expiresAt ? t('bulk.done.expiryChanged', { count }) : t('bulk.done.expiryRemoved', { count });
}

/** Return "3 tasks were not changed. Someone else changed the same field." */
export function failureMessage(kind: OperationKind, failures: ReadonlyMap<string, number>): string | undefined {
  const count = [...failures.values()].reduce((sum, n) => sum + n, 0);
  if (count === 0) return undefined;
  return [whatFailed(kind, count), ...failures.keys()].join(' ');
}

function whatFailed(kind: OperationKind, count: number): string {
  if (kind === 'update') return t('editing.notChanged', { count });
  return kind === 'delete' ? t('editing.notDeleted', { count }) : t('editing.notRestored', { count });
}
