/** Updates tasks in one mutation. The change shows at once, and is rolled back with a message if the service refuses. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { isForbidden } from '@/apollo/refusal';
import { useCallback } from 'react';
import { invalidateList, PLACING_FIELDS } from '@/features/tasks/listEvents';
import { type UpdateTaskInput, UpdateTasksDocument } from '@/gql';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { describeUpdate } from './changeLabels';
import { draftKey, type DraftStatus, readDraft, rebaseDrafts } from './drafts';
import { addEditConflict } from './editConflicts';
import type { BaseValues } from './fieldConflicts';
import { draftedTaskIds, removeGoneTask } from './goneTasks';
import { errorMessage, noteUnconfirmed, reportLostChange, resultsOfLostUpdate, showNotSaved } from './lostAnswers';
import { isNotFound, isVersionConflict, type MutationOptions, summarizeErrors } from './mutationResults';
import { trackChange } from './pendingChanges';
import { readCachedTask } from './readCachedTask';
import { dropSavedDrafts, markSending, markUnsaved, rebaseEditedDrafts, sendsOnlyDrafts } from './sentDrafts';
import {
  baseValues,
  type CachedTask,
  hasAllFields,
  optimisticPayload,
  overwriteInputs,
  undoInputs,
  type UpdateResults,
} from './taskEdits';
import { keepForRetry, rebaseUndoSteps, recordChange, type UndoStep } from './undoStack';
import { showUndoToast } from './undoToast';
import { type EditAttempt, updateAttempts } from './updateAttempts';

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
  const edits = changes.map((change, i) => newEdit(change, cached[i] ?? null, options.bases?.[i]));
  const update = { changes, cached, edits, options };
  const onlyDrafts = changes.every(sendsOnlyDrafts);
  markSending(edits);
  try {
    const { data } = await client.mutate({
      mutation: UpdateTasksDocument,
      variables: { input: { tasks: edits.map(({ input }) => input) }, allFields },
      context: { attempts: updateAttempts(edits, allFields, rebaseDrafts) },
      optimisticResponse: cached.every((task) => task !== null)
        ? { updateTasks: optimisticPayload(changes, cached, allFields) }
        : undefined,
    });
    const payload = data?.updateTasks;
    const refusal = payload ? payload.userErrors[0]?.message : t('editing.noneChanged');
    if (refusal !== undefined) {
      for (const change of changes) markUnsaved(change, { kind: 'failed', reason: refusal });
      keepForRetry(options.record);
      showErrorToast(refusal);
      return false;
    }
    const results = ownResults(edits, payload?.results ?? []);
    reportUpdated(client, update, results);
    return reportFailed(client, update, results);
  } catch (error) {
    return reportWithoutAnswer(client, update, onlyDrafts, error);
  }
}

/** Return the results with the tasks that this update has created. A live event may have replaced them by later ones. */
function ownResults(edits: EditAttempt[], results: UpdateResults): UpdateResults {
  return results.map((result, i) => {
    const own = edits[i]?.result?.task;
    return result.task && own ? { ...result, task: own } : result;
  });
}

function newEdit(change: UpdateTaskInput, cached: CachedTask | null, knownBase: BaseValues | undefined): EditAttempt {
  return {
    input: { expectedVersion: cached?.version, ...change },
    base: knownBase ?? baseValues(change, cached, (field) => readDraft(draftKey(change.id, field))),
    predictedVersion: cached ? cached.version + 1 : undefined,
  };
}

/** An update that was sent: what was asked for, the tasks before it, and how it was sent. */
interface SentUpdate {
  changes: UpdateTaskInput[];
  cached: (CachedTask | null)[];
  edits: EditAttempt[];
  options: MutationOptions;
}

/** Say what happened to an update without an answer. Drafts are sent again: their version keeps that harmless. */
async function reportWithoutAnswer(
  client: ApolloClient,
  { changes, cached, edits, options }: SentUpdate,
  onlyDrafts: boolean,
  error: unknown,
): Promise<boolean> {
  const inputs = edits.map(({ input }) => input);
  if (isForbidden(error)) {
    const reason = errorMessage(error);
    for (const change of changes) markUnsaved(change, { kind: 'failed', reason });
    keepForRetry(options.record);
    showErrorToast(reason);
    return false;
  }
  noteUnconfirmed(inputs);
  for (const change of changes) markUnsaved(change, { kind: 'waiting' });
  if (onlyDrafts) return false;
  const ids = inputs.map(({ id }) => id);
  const allSaved = await reportLostChange(client, ids, (tasks) => {
    const results = resultsOfLostUpdate(inputs, tasks);
    const reported = { successMessage: t('editing.changeSaved'), ...options };
    reportUpdated(client, { changes, cached, edits, options: reported }, results);
    const unsaved = edits.filter((_, i) => results[i]?.task === null);
    if (unsaved.length === 0) return true;
    const what =
      unsaved.length === 1 ? t('editing.changeNotSaved') : t('editing.changesNotSaved', { count: unsaved.length });
    const again = unsaved.map(({ input }) => input);
    const bases = unsaved.map(({ base }) => base);
    const retry = () => void updateTasks(client, again, { ...options, bases });
    showNotSaved(error, what, unsaved.length === edits.length ? keepForRetry(options.record, retry) : retry);
    return false;
  });
  return allSaved ?? false;
}

function reportUpdated(client: ApolloClient, { changes, cached, options }: SentUpdate, results: UpdateResults): void {
  const { successMessage, record = { origin: 'change', label: describeUpdate(changes, cached) } } = options;
  changes.forEach((change, i) => {
    const saved = results[i]?.task;
    if (!saved) return;
    dropSavedDrafts(change);
    rebaseEditedDrafts(change, saved.version);
  });
  const { inputs: inverse, bases } = undoInputs(cached, changes, results);
  for (const { id, expectedVersion } of inverse) rebaseUndoSteps(id, expectedVersion - 1, expectedVersion);
  if (inverse.length > 0) {
    const revert: UndoStep['revert'] = (next) =>
      updateTasks(client, inverse, {
        successMessage: next.origin === 'undo' ? t('editing.changeUndone') : t('editing.changeRedone'),
        record: next,
        bases,
      });
    const step = recordChange(record, revert, inverse);
    if (successMessage) showUndoToast(successMessage, record.origin === 'undo' ? undefined : step);
  }
  if (changes.some((change) => PLACING_FIELDS.some((field) => change[field] !== undefined))) invalidateList();
}

/** Show why tasks were not updated, and offer to overwrite newer versions. Returns true if no task failed. */
function reportFailed(client: ApolloClient, { edits, options }: SentUpdate, results: UpdateResults): boolean {
  const { count, text } = summarizeErrors(results);
  if (count === 0) return true;
  edits.forEach(({ input }, i) => markUnsaved(input, statusOf(results[i])));
  const [firstResult] = results;
  const [edit] = edits;
  if (edits.length === 1 && edit && firstResult?.currentTask && isVersionConflict(firstResult)) {
    const { record } = options;
    const theirs = firstResult.currentTask;
    addEditConflict({ mine: edit.input, base: edit.base, theirs, ...(record && { options: { record } }) });
    return false;
  }
  if (edits.length === 1 && edit && isNotFound(firstResult) && draftedTaskIds().includes(edit.input.id)) {
    // The drawer or a banner says so, and offers the text.
    removeGoneTask(client, edit.input.id, 'unknown');
    return false;
  }
  const conflicting = overwriteInputs(
    edits.map(({ input }) => input),
    results,
  );
  const overwrite = {
    label: t('editing.overwrite'),
    run: () => void updateTasks(client, conflicting, { ...options, bases: undefined }),
  };
  showErrorToast(
    edits.length === 1 ? text : `${t('editing.someNotChanged', { count, total: edits.length })} ${text}`,
    conflicting.length > 0 ? overwrite : undefined,
  );
  return false;
}

/** Return why the drafts of a result are not saved. */
function statusOf(result: UpdateResults[number] | undefined): DraftStatus {
  if (isVersionConflict(result)) return { kind: 'conflict' };
  return { kind: 'failed', reason: summarizeErrors(result ? [result] : []).text };
}
