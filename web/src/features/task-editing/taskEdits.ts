/** The data of an update mutation: the response that the page expects, and the inputs that undo or repeat it. */
import type { TaskFieldsFragment, TaskRowFragment, UpdateTaskInput, UpdateTasksMutation } from '@/gql';
import type { Draft } from './drafts';
import {
  type BaseValues,
  type EditableField,
  editedFields,
  isSameValue,
  TEXT_FIELDS,
  type TextField,
} from './fieldConflicts';
import { isVersionConflict } from './mutationResults';

/** A cached task: with all fields, or only with the fields that the list shows. */
export type CachedTask = TaskRowFragment | TaskFieldsFragment;
export type UpdateResults = UpdateTasksMutation['updateTasks']['results'];
export type VersionedInput = UpdateTaskInput & { expectedVersion: number };

/** Whether the task was loaded with the fields that only the drawer shows. */
export function hasAllFields(task: CachedTask | null | undefined): task is TaskFieldsFragment {
  return !!task && 'description' in task;
}

/** Return the payload that the page assumes until the service answers. */
export function optimisticPayload(
  inputs: UpdateTaskInput[],
  cached: CachedTask[],
  allFields: boolean,
  now = new Date(),
): UpdateTasksMutation['updateTasks'] {
  const results = inputs.map((input, i) => {
    const task = cached[i];
    const changes = Object.fromEntries(Object.entries(input).filter(([field]) => task && field in task));
    const updated = { ...task, ...changes, version: (task?.version ?? 0) + 1 };
    return {
      __typename: 'UpdateTasksResult' as const,
      task: allFields ? { ...updated, updatedAt: now.toISOString() } : updated,
      currentTask: null,
      userErrors: [],
    };
  });
  return { __typename: 'UpdateTasksPayload', userErrors: [], results } as UpdateTasksMutation['updateTasks'];
}

/** The inverse of an update: the inputs to send, and for each the values that the update has set. */
export interface Inverse {
  inputs: VersionedInput[];
  bases: BaseValues[];
}

/** Return the inputs that give each changed task its previous values. */
export function undoInputs(before: (CachedTask | null)[], changes: UpdateTaskInput[], results: UpdateResults): Inverse {
  const inverse: Inverse = { inputs: [], bases: [] };
  changes.forEach((change, i) => {
    const previous = before[i];
    const updated = results[i]?.task;
    if (!previous || !updated || updated.version === previous.version) return;
    const fields = editedFields(change).filter((field) => field in previous);
    if (fields.length === 0) return;
    inverse.inputs.push({ ...pickFields(previous, fields), id: change.id, expectedVersion: updated.version });
    inverse.bases.push(pickFields({ ...change, ...updated }, fields));
  });
  return inverse;
}

function pickFields(values: object, fields: EditableField[]): BaseValues {
  return Object.fromEntries(fields.map((field) => [field, (values as BaseValues)[field]]));
}

/** Return the values that an edit builds on: those of its draft, or else those that the page shows. */
export function baseValues(
  change: UpdateTaskInput,
  cached: CachedTask | null,
  draftOf: (field: TextField) => Draft | undefined,
): BaseValues {
  const shown = change.expectedVersion === undefined || change.expectedVersion === cached?.version ? cached : null;
  const base: BaseValues = shown ? pickFields(shown, editedFields(change)) : {};
  for (const field of TEXT_FIELDS) {
    const draft = change[field] === undefined ? undefined : draftOf(field);
    if (draft?.base !== undefined && draft.version === change.expectedVersion) base[field] = draft.base;
  }
  return base;
}

/** Return the inputs of the tasks that conflicted, now expecting their current versions. */
export function overwriteInputs(inputs: UpdateTaskInput[], results: UpdateResults): VersionedInput[] {
  return inputs.flatMap((input, i) => {
    const current = results[i]?.task ? null : results[i]?.currentTask;
    return current ? [{ ...input, expectedVersion: current.version }] : [];
  });
}

/**
 * Return the results, with a conflict counted as an update if the task already has the wanted values.
 *
 * A browser sends a request again if its connection broke before the answer. The second request then conflicts with
 * the version that the first one created.
 */
export function acceptSavedChanges(inputs: UpdateTaskInput[], results: UpdateResults): UpdateResults {
  return results.map((result, i) => {
    const { currentTask } = result;
    const input = inputs[i];
    const saved = input && currentTask && isVersionConflict(result) && hasWantedValues(currentTask, input);
    return saved ? { ...result, task: currentTask, userErrors: [] } : result;
  });
}

/** Whether the task has every value that the input asks for. */
export function hasWantedValues(task: TaskFieldsFragment, wanted: UpdateTaskInput): boolean {
  return editedFields(wanted).every((field) => isSameValue(field, task[field], wanted[field]));
}
