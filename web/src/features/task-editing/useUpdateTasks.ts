/** Updates tasks in one mutation. The change shows at once, and is rolled back with a message if the service refuses. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { invalidateList } from '@/features/tasks/listEvents';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { type TaskFieldsFragment, TaskFieldsFragmentDoc, type UpdateTaskInput, UpdateTasksDocument } from '@/gql';
import { showErrorToast } from '@/ui/toast';
import { type DraftStatus, rebaseDrafts } from './drafts';
import { editConflict } from './editConflict';
import { describeUpdate } from './changeLabels';
import {
  isUnconfirmedVersion,
  noteUnconfirmed,
  reportLostChange,
  resultsOfLostUpdate,
  showNotSaved,
} from './lostAnswers';
import { isVersionConflict, type MutationOptions, summarizeErrors } from './mutationResults';
import { trackChange } from './pendingChanges';
import { dropSavedDrafts, markSending, markUnsaved, sendsOnlyDrafts } from './sentDrafts';
import {
  acceptSavedChanges,
  type CachedTask,
  hasAllFields,
  inputsToRepeat,
  optimisticPayload,
  overwriteInputs,
  undoInputs,
  type UpdateResults,
} from './taskEdits';
import { rebaseUndoSteps, recordChange, type UndoStep } from './undoStack';
import { showUndoToast } from './undoToast';

/** Resolves to whether every task was updated. */
export type UpdateTasks = (inputs: UpdateTaskInput[], options?: MutationOptions) => Promise<boolean>;

export function useUpdateTasks(): UpdateTasks {
  const client = useApolloClient();
  return useCallback((inputs, options) => updateTasks(client, inputs, options), [client]);
}

export function updateTasks(
  client: ApolloClient,
  changes: UpdateTaskInput[],
  options?: MutationOptions,
): Promise<boolean> {
  return trackChange(sendUpdate(client, changes, options));
}

async function sendUpdate(
  client: ApolloClient,
  changes: UpdateTaskInput[],
  options: MutationOptions = {},
): Promise<boolean> {
  const cached = changes.map((change) => readCachedTask(client, change.id));
  const allFields = cached.every(hasAllFields);
  const inputs = changes.map((change, i) => ({ expectedVersion: cached[i]?.version, ...change }));
  const onlyDrafts = changes.every(sendsOnlyDrafts);
  markSending(inputs);
  rebaseDraftsBeforeSending(cached);
  try {
    const { data } = await client.mutate({
      mutation: UpdateTasksDocument,
      variables: { input: { tasks: inputs }, allFields },
      optimisticResponse: cached.every((task) => task !== null)
        ? { updateTasks: optimisticPayload(changes, cached, allFields) }
        : undefined,
    });
    const payload = data?.updateTasks;
    const results = acceptSavedChanges(inputs, payload?.results ?? []);
    rebaseDraftsAfterResponse(cached, results);
    const refusal = payload ? payload.userErrors[0]?.message : 'No tasks were changed.';
    if (refusal !== undefined) {
      for (const change of changes) markUnsaved(change, { kind: 'failed', reason: refusal });
      showErrorToast(refusal);
      return false;
    }
    reportUpdated(client, changes, cached, results, options);
    return reportFailed(client, inputs, results, options);
  } catch (error) {
    rebaseDraftsAfterResponse(cached);
    return reportWithoutAnswer(client, { changes, inputs, cached, onlyDrafts, options, error });
  }
}

interface UnansweredUpdate {
  changes: UpdateTaskInput[];
  inputs: UpdateTaskInput[];
  cached: (CachedTask | null)[];
  onlyDrafts: boolean;
  options: MutationOptions;
  error: unknown;
}

/** Say what happened to an update without an answer. Drafts are sent again: their version keeps that harmless. */
async function reportWithoutAnswer(
  client: ApolloClient,
  { changes, inputs, cached, onlyDrafts, options, error }: UnansweredUpdate,
): Promise<boolean> {
  noteUnconfirmed(inputs);
  for (const change of changes) markUnsaved(change, { kind: 'waiting' });
  if (onlyDrafts) return false;
  const ids = inputs.map(({ id }) => id);
  const allSaved = await reportLostChange(client, ids, (tasks) => {
    const results = resultsOfLostUpdate(inputs, tasks);
    rebaseDraftsAfterResponse(cached, results);
    reportUpdated(client, changes, cached, results, { successMessage: 'Your change was saved.', ...options });
    const unsaved = inputs.filter((_, i) => results[i]?.task === null);
    if (unsaved.length === 0) return true;
    const what = unsaved.length === 1 ? 'Your change was not saved.' : `${unsaved.length} changes were not saved.`;
    showNotSaved(error, what, () => void updateTasks(client, unsaved, options));
    return false;
  });
  return allSaved ?? false;
}

/** Return the cached task: with all fields if the cache has them, otherwise with the fields that the list shows. */
function readCachedTask(client: ApolloClient, id: string): CachedTask | null {
  const allFields = client.cache.readFragment({
    fragment: TaskFieldsFragmentDoc,
    fragmentName: 'TaskFields',
    id: client.cache.identify({ __typename: 'Task', id }),
    optimistic: true,
  });
  return allFields ?? readTaskRow(client, id);
}

/** Text that is typed while the mutation is in flight builds on the version that the mutation will create. */
function rebaseDraftsBeforeSending(cached: (CachedTask | null)[]): void {
  for (const task of cached) {
    if (task) rebaseDrafts(task.id, task.version, task.version + 1);
  }
}

/** Move drafts from the predicted version to the real one, or back to the old version if the mutation failed. */
function rebaseDraftsAfterResponse(cached: (CachedTask | null)[], results: UpdateResults = []): void {
  cached.forEach((task, i) => {
    if (task) rebaseDrafts(task.id, task.version + 1, results[i]?.task?.version ?? task.version);
  });
}

function reportUpdated(
  client: ApolloClient,
  changes: UpdateTaskInput[],
  cached: (CachedTask | null)[],
  results: UpdateResults,
  { successMessage, record = { origin: 'change', label: describeUpdate(changes, cached) } }: MutationOptions,
): void {
  changes.forEach((change, i) => results[i]?.task && dropSavedDrafts(change));
  const inverse = undoInputs(cached, changes, results);
  for (const { id, expectedVersion } of inverse) rebaseUndoSteps(id, expectedVersion - 1, expectedVersion);
  if (inverse.length > 0) {
    const revert: UndoStep['revert'] = (next) =>
      updateTasks(client, inverse, {
        successMessage: next.origin === 'undo' ? 'Change undone.' : 'Change redone.',
        record: next,
      });
    const step = recordChange(record, revert, inverse);
    if (successMessage) showUndoToast(successMessage, record.origin === 'undo' ? undefined : step);
  }
  if (changes.some((change) => change.status !== undefined || change.expiresAt !== undefined)) invalidateList();
}

/** Show why tasks were not updated, and offer to overwrite newer versions. Returns true if no task failed. */
function reportFailed(
  client: ApolloClient,
  inputs: UpdateTaskInput[],
  results: UpdateResults,
  options: MutationOptions,
): boolean {
  const failed = inputs.filter((_, i) => results[i]?.userErrors.length);
  if (failed.length === 0) return true;
  const again = inputsToRepeat(inputs, results, isUnconfirmedVersion);
  if (again.length > 0 && again.length === failed.length) {
    void updateTasks(client, again, options);
    return false;
  }
  inputs.forEach((input, i) => markUnsaved(input, statusOf(results[i])));
  const [firstResult] = results;
  const [mine] = inputs;
  if (inputs.length === 1 && mine && firstResult?.currentTask && isVersionConflict(firstResult)) {
    showConflict(mine, firstResult.currentTask);
    return false;
  }
  const { count, text } = summarizeErrors(results);
  const conflicting = overwriteInputs(inputs, results);
  const overwrite = { label: 'Overwrite', run: () => void updateTasks(client, conflicting, options) };
  showErrorToast(
    inputs.length === 1 ? text : `${count} of ${inputs.length} tasks could not be changed. ${text}`,
    conflicting.length > 0 ? overwrite : undefined,
  );
  return false;
}

/** Return why the drafts of a result are not saved. */
function statusOf(result: UpdateResults[number] | undefined): DraftStatus {
  if (isVersionConflict(result)) return { kind: 'conflict' };
  return { kind: 'failed', reason: summarizeErrors(result ? [result] : []).text };
}

/** Ask which version to keep. The outbox asks about a draft again when another conflict has been decided. */
function showConflict(mine: UpdateTaskInput, theirs: TaskFieldsFragment): void {
  if (!editConflict.get()) return editConflict.set({ mine, theirs });
  markUnsaved(mine, { kind: 'waiting' });
}
