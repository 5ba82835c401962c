/** The bulk changes that the page offers, and what it says about them. */
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { t } from '@/ui/messages';
import type { BulkFields } from './bulkItem';
import type { OperationKind } from './bulkOperations';

export type BulkChange = { kind: 'update'; fields: BulkFields } | { kind: 'delete' };

export function runningLabel(change: BulkChange): string {
  if (change.kind === 'delete') return t('bulk.running.delete');
  return change.fields.status === 'DONE' ? t('bulk.running.complete') : t('bulk.running.change');
}

export function doneMessage(change: BulkChange, count: number): string {
  if (change.kind === 'delete') return t('bulk.done.deleted', { count });
  const { status, priority, expiresAt } = change.fields;
  if (status === 'DONE') return t('bulk.done.completed', { count });
  if (status) return t('bulk.done.statusSet', { count, status: STATUS_LABELS[status] });
  if (priority) return t('bulk.done.prioritySet', { count, priority: PRIORITY_LABELS[priority] });
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
