/**
 * Deletes and restores tasks, each in one mutation: one is the undo of the other.
 *
 * Deleted tasks disappear at once, and come back if the service refuses.
 */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { invalidateList } from '@/features/tasks/listEvents';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { DeleteTasksDocument, type DeleteTaskInput, RestoreTasksDocument, type TaskFieldsFragment } from '@/gql';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { nameTasks } from './changeLabels';
import { reportLostChange, showNotSaved } from './lostAnswers';
import { type ItemResult, type MutationOptions, summarizeErrors } from './mutationResults';
import { trackChange } from './pendingChanges';
import { type ChangeRecord, keepForRetry, rebaseUndoSteps, recordChange } from './undoStack';
import { showUndoToast } from './undoToast';

type DeleteResult = ItemResult & { deletedTaskId: string | null };

/** Resolves to whether every task was deleted. */
export type DeleteTasks = (tasks: DeleteTaskInput[], options?: MutationOptions) => Promise<boolean>;

export function useDeleteTasks(): DeleteTasks {
  const client = useApolloClient();
  return useCallback((tasks, options) => deleteTasks(client, tasks, options), [client]);
}

export function deleteTasks(
  client: ApolloClient,
  tasks: DeleteTaskInput[],
  options?: MutationOptions,
): Promise<boolean> {
  return trackChange(sendDelete(client, tasks, options));
}

async function sendDelete(
  client: ApolloClient,
  tasks: DeleteTaskInput[],
  options: MutationOptions = {},
): Promise<boolean> {
  const record = options.record ?? {
    origin: 'change',
    label: t('history.deleted', { tasks: nameTasks(tasks.map(({ id }) => readTaskRow(client, id))) }),
  };
  try {
    const { data } = await client.mutate({
      mutation: DeleteTasksDocument,
      variables: { input: { tasks } },
      optimisticResponse: { deleteTasks: optimisticPayload(tasks) },
      update: (cache, { data: response }) => {
        for (const { deletedTaskId } of acceptGone(tasks, response?.deleteTasks.results ?? [])) {
          if (deletedTaskId) cache.evict({ id: cache.identify({ __typename: 'Task', id: deletedTaskId }) });
        }
      },
    });
    const payload = data?.deleteTasks;
    if (!payload || payload.userErrors.length > 0) {
      keepForRetry(record);
      showErrorToast(payload?.userErrors[0]?.message ?? t('editing.noneDeleted'));
      return false;
    }
    const results = acceptGone(tasks, payload.results);
    reportDeleted(client, results, record);
    return reportFailed(client, tasks, results, options);
  } catch (error) {
    return (await reportWithoutAnswer(client, tasks, record, error)) ?? false;
  }
}

/** Say what happened to a delete without an answer: a task that is gone was deleted. */
function reportWithoutAnswer(
  client: ApolloClient,
  tasks: DeleteTaskInput[],
  record: ChangeRecord,
  error: unknown,
): Promise<boolean | undefined> {
  return reportLostChange(
    client,
    tasks.map(({ id }) => id),
    (current) => {
      const deleted = tasks.flatMap(({ id }, i) => (current[i] ? [] : { deletedTaskId: id, userErrors: [] }));
      const remaining = tasks.filter((_, i) => current[i]);
      reportDeleted(client, deleted, record);
      if (remaining.length === 0) return true;
      const what = t('editing.notDeleted', { count: remaining.length });
      const retry = () => void deleteTasks(client, remaining, { record });
      showNotSaved(error, what, deleted.length === 0 ? keepForRetry(record, retry) : retry);
      return false;
    },
  );
}

function optimisticPayload(tasks: DeleteTaskInput[]) {
  const results = tasks.map(({ id }) => ({
    __typename: 'DeleteTasksResult' as const,
    deletedTaskId: id,
    currentTask: null,
    userErrors: [],
  }));
  return { __typename: 'DeleteTasksPayload' as const, userErrors: [], results };
}

/**
 * Return the results, with a missing task counted as deleted.
 *
 * A browser sends a request again if its connection broke before the answer. The first request may have deleted the task.
 */
function acceptGone(tasks: DeleteTaskInput[], results: DeleteResult[]): DeleteResult[] {
  return results.map((result, i) => {
    const gone = result.userErrors.some(({ code }) => code === 'NOT_FOUND');
    return gone ? { ...result, deletedTaskId: tasks[i]?.id ?? null, userErrors: [] } : result;
  });
}

function reportDeleted(client: ApolloClient, results: DeleteResult[], record: ChangeRecord): void {
  const deletedIds = results.flatMap(({ deletedTaskId }) => deletedTaskId ?? []);
  if (deletedIds.length === 0) return;
  const step = recordChange(record, (next) => restoreTasks(client, deletedIds, next));
  showUndoToast(t('editing.deleted', { count: deletedIds.length }), record.origin === 'undo' ? undefined : step);
  invalidateList();
}

/** Show why tasks were not deleted, and offer to delete newer versions anyway. Returns true if no task failed. */
function reportFailed(
  client: ApolloClient,
  tasks: DeleteTaskInput[],
  results: DeleteResult[],
  options: MutationOptions,
): boolean {
  const { count, text } = summarizeErrors(results);
  if (count === 0) return true;
  const changed = results.flatMap(({ currentTask }) =>
    currentTask ? [{ id: currentTask.id, expectedVersion: currentTask.version }] : [],
  );
  const deleteAnyway = { label: t('editing.deleteAnyway'), run: () => void deleteTasks(client, changed, options) };
  showErrorToast(
    tasks.length === 1 ? text : `${t('editing.someNotDeleted', { count, total: tasks.length })} ${text}`,
    changed.length > 0 ? deleteAnyway : undefined,
  );
  return false;
}

/** Restore up to 1,000 deleted tasks in one mutation. Resolves to the ids of those that were restored. */
export function restoreTasks(client: ApolloClient, ids: string[], record: ChangeRecord): Promise<string[]> {
  return trackChange(sendRestore(client, ids, record));
}

async function sendRestore(client: ApolloClient, ids: string[], record: ChangeRecord): Promise<string[]> {
  try {
    const { data } = await client.mutate({
      mutation: RestoreTasksDocument,
      variables: { input: { tasks: ids.map((id) => ({ id })) } },
      // A cached query may say that a task does not exist.
      update: (cache) => ids.forEach((id) => cache.evict({ id: 'ROOT_QUERY', fieldName: 'task', args: { id } })),
    });
    const payload = data?.restoreTasks;
    const problem = payload?.userErrors[0]?.message ?? summarizeErrors(payload?.results ?? []).text;
    const tasks = (payload?.results ?? []).flatMap(({ task }) =>
      task ? { id: task.id, version: task.savedVersion } : [],
    );
    const restored = reportRestored(client, tasks, record);
    if (payload && payload.userErrors.length > 0) keepForRetry(record);
    if (problem) showErrorToast(problem);
    return restored;
  } catch (error) {
    const restored = await reportLostChange(client, ids, (current) => {
      const missing = ids.filter((_, i) => !current[i]);
      if (missing.length > 0) {
        const what = t('editing.notRestored', { count: missing.length });
        const retry = () => void restoreTasks(client, missing, record);
        showNotSaved(error, what, missing.length === ids.length ? keepForRetry(record, retry) : retry);
      }
      return reportRestored(
        client,
        current.flatMap((task) => task ?? []),
        record,
      );
    });
    return restored ?? [];
  }
}

type RestoredTask = Pick<TaskFieldsFragment, 'id' | 'version'>;

function reportRestored(client: ApolloClient, tasks: RestoredTask[], record: ChangeRecord): string[] {
  if (tasks.length === 0) return [];
  // The delete and the restore have each created a version, and no edit can have come between them.
  for (const { id, version } of tasks) rebaseUndoSteps(id, version - 2, version);
  const expected = tasks.map(({ id, version }) => ({ id, expectedVersion: version }));
  const step = recordChange(record, (next) => deleteTasks(client, expected, { record: next }), expected);
  showUndoToast(t('editing.restored', { count: tasks.length }), record.origin === 'undo' ? undefined : step);
  invalidateList();
  return tasks.map(({ id }) => id);
}
