/** The bulk changes that the page offers, and what it says about them. */
import { PRIORITY_LABELS, STATUS_LABELS, formatTaskCount } from '@/features/tasks/labels';
import type { BulkFields } from './bulkItem';
import type { OperationKind } from './bulkOperations';

export type BulkChange = { kind: 'update'; fields: BulkFields } | { kind: 'delete' };

export function runningLabel(change: BulkChange): string {
  if (change.kind === 'delete') return 'Deleting';
  return change.fields.status === 'DONE' ? 'Completing' : 'Changing';
}

export function doneMessage(change: BulkChange, count: number): string {
  const tasks = formatTaskCount(count);
  if (change.kind === 'delete') return `Deleted ${tasks}.`;
  const { status, priority, expiresAt } = change.fields;
  if (status === 'DONE') return `Completed ${tasks}.`;
  if (status) return `Set the status of ${tasks} to ${STATUS_LABELS[status]}.`;
  if (priority) return `Set the priority of ${tasks} to ${PRIORITY_LABELS[priority]}.`;
  return expiresAt ? `Changed the expiry of ${tasks}.` : `Removed the expiry of ${tasks}.`;
}

const PARTICIPLES: Record<OperationKind, string> = { update: 'changed', delete: 'deleted', restore: 'restored' };

/** Return "3 tasks were not changed. Someone else changed the same field." */
export function failureMessage(kind: OperationKind, failures: ReadonlyMap<string, number>): string | undefined {
  const count = [...failures.values()].reduce((sum, n) => sum + n, 0);
  if (count === 0) return undefined;
  const verb = count === 1 ? 'was' : 'were';
  return `${formatTaskCount(count)} ${verb} not ${PARTICIPLES[kind]}. ${[...failures.keys()].join(' ')}`;
}
