/** The actions of the list on one task or many. Few tasks change at once, many in a bulk change. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useMemo } from 'react';
import { type BulkChange, doneMessage } from '@/features/bulk-changes/bulkChange';
import { editItem, needsChange, type TaskEdit } from '@/features/bulk-changes/bulkItem';
import { countTasks, type TaskSet } from '@/features/bulk-changes/taskSet';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import type { PlacingField } from '@/features/tasks/listEvents';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import type { UpdateTaskInput } from '@/gql';
import { loadLaterMessages, t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { pendingDelete } from './pendingDelete';
import { MAX_OPTIMISTIC_TASKS } from './selection';
import type { Selection } from './useSelection';

/** A delete of more tasks is confirmed first. */
const MAX_UNCONFIRMED_DELETES = 1_000;

export interface TaskActions {
  change: (tasks: TaskSet, change: BulkChange) => void;
  /** Complete the tasks, or reopen them if all are done. */
  toggleCompleted: (tasks: TaskSet) => void;
}

interface ListInfo {
  /** The number of tasks of the list, if it is known. */
  total: number | undefined;
  /** The fields whose update can move a task out of the list. */
  placingFields: readonly PlacingField[];
}

export function useTaskActions(
  { remove, clear }: Selection,
  { total: listTotal, placingFields }: ListInfo,
): TaskActions {
  const client = useApolloClient();
  const updateTasks = useUpdateTasks();
  const deleteTasks = useDeleteTasks();
  const changeFew = useCallback(
    (ids: string[], change: BulkChange) => {
      if (change.kind === 'delete') {
        remove(ids);
        void deleteTasks(ids.map((id) => ({ id, expectedVersion: readTaskRow(client, id)?.version })));
        return;
      }
      const inputs = ids.flatMap((id) => inputFor(client, id, change));
      if (inputs.length === 0) return showToast(t('bulk.nothingToChange'));
      void updateTasks(inputs, { successMessage: doneMessage(change, inputs.length) });
    },
    [client, remove, updateTasks, deleteTasks],
  );
  const change = useCallback(
    (tasks: TaskSet, wanted: BulkChange) => {
      // Tasks may leave the list, and a selection of the whole list would then stand for others.
      if (wanted.kind !== 'delete' && movesTasks(changedFields(wanted), placingFields)) clear();
      if (!tasks.range && canChangeAtOnce(client, [...tasks.included], wanted))
        return changeFew([...tasks.included], wanted);
      const total = countTasks(tasks, listTotal);
      const run = () => {
        if (wanted.kind === 'delete') clear();
        void startBulkChange(client, tasks, wanted, total);
      };
      if (wanted.kind !== 'delete' || (total ?? Infinity) <= MAX_UNCONFIRMED_DELETES) run();
      else pendingDelete.set({ count: total, confirm: run });
    },
    [client, clear, changeFew, listTotal, placingFields],
  );
  const toggleCompleted = useCallback(
    (tasks: TaskSet) => change(tasks, { kind: 'update', fields: { status: nextStatus(client, tasks) } }),
    [client, change],
  );
  return useMemo(() => ({ change, toggleCompleted }), [change, toggleCompleted]);
}

/** Whether the tasks are few. Labels can only be added to a task whose labels are known. */
function canChangeAtOnce(client: ApolloClient, ids: string[], { kind }: BulkChange): boolean {
  if (ids.length > MAX_OPTIMISTIC_TASKS) return false;
  return kind !== 'labels' || ids.every((id) => readTaskRow(client, id) !== null);
}

/** Return the input that changes a task. None if the task has the values already. */
function inputFor(client: ApolloClient, id: string, edit: TaskEdit): UpdateTaskInput[] {
  const task = readTaskRow(client, id);
  if (!task) return edit.kind === 'update' ? [{ id, ...edit.fields }] : [];
  const item = editItem(task, edit);
  return needsChange(item) ? [{ id, ...item.after }] : [];
}

function changedFields(edit: TaskEdit): readonly string[] {
  return edit.kind === 'labels' ? ['labels'] : Object.keys(edit.fields);
}

function movesTasks(fields: readonly string[], placingFields: readonly PlacingField[]): boolean {
  return fields.includes('status') || placingFields.some((field) => fields.includes(field));
}

function nextStatus(client: ApolloClient, { range, included }: TaskSet): 'TODO' | 'DONE' {
  const allDone = range
    ? range.query.status === 'DONE'
    : [...included].every((id) => readTaskRow(client, id)?.status === 'DONE');
  return allDone ? 'TODO' : 'DONE';
}

async function startBulkChange(
  ...change: Parameters<typeof import('@/features/bulk-changes/runBulkChange').runBulkChange>
) {
  let bulkChanges;
  try {
    [bulkChanges] = await Promise.all([import('@/features/bulk-changes/runBulkChange'), loadLaterMessages()]);
  } catch {
    return showErrorToast(t('bulk.notLoaded'));
  }
  return bulkChanges.runBulkChange(...change);
}
