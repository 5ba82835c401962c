/** The data of an update mutation: the response that the page expects, and the inputs that undo or repeat it. */
import type { TaskFieldsFragment, TaskRowFragment, UpdateTaskInput, UpdateTasksMutation } from '@/gql';
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

/** Return the inputs that give each changed task its previous values. */
export function undoInputs(
  before: (CachedTask | null)[],
  inputs: UpdateTaskInput[],
  results: UpdateResults,
): VersionedInput[] {
  return inputs.flatMap((input, i) => {
    const previous = before[i];
    const updated = results[i]?.task;
    if (!previous || !updated || updated.version === previous.version) return [];
    const fields = Object.keys(input).filter((field) => field in previous && field !== 'id');
    const values = Object.fromEntries(fields.map((field) => [field, previous[field as keyof typeof previous]]));
    return [{ ...values, id: input.id, expectedVersion: updated.version }];
  });
}

/** Return the inputs of the tasks that conflicted, now expecting their current versions. */
export function overwriteInputs(inputs: UpdateTaskInput[], results: UpdateResults): VersionedInput[] {
  return inputs.flatMap((input, i) => {
    const current = results[i]?.currentTask;
    return current ? [{ ...input, expectedVersion: current.version }] : [];
  });
}

/**
 * Return the inputs that conflict with no one else's change, now expecting the current version.
 *
 * An edit expects the version that the edit before it creates. If that edit was not saved, the version never existed.
 * If the answer of an earlier edit was lost, the task can also have a version that this tab itself created.
 */
export function inputsToRepeat(
  inputs: UpdateTaskInput[],
  results: UpdateResults,
  isOwnVersion: (task: TaskFieldsFragment) => boolean,
): VersionedInput[] {
  return inputs.flatMap((input, i) => {
    const current = results[i]?.currentTask;
    const neverExisted = current && (input.expectedVersion ?? 0) > current.version;
    return current && (neverExisted || isOwnVersion(current)) ? [{ ...input, expectedVersion: current.version }] : [];
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
  return Object.entries(wanted).every(([field, value]) => {
    if (field === 'expectedVersion') return true;
    const current = task[field as keyof typeof task];
    return current === value || (field === 'expiresAt' && !!current && !!value && isSameTime(current, value));
  });
}

function isSameTime(a: string | number, b: string | number): boolean {
  return new Date(a).getTime() === new Date(b).getTime();
}
