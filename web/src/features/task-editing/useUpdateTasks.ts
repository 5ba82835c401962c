/** Changes one task or many in one mutation: at once on screen, rolled back with a message if it was refused. */
import { useApolloClient } from '@apollo/client/react';
import type { ApolloClient } from '@apollo/client';
import { useCallback } from 'react';
import { conflict } from './editConflict';
import { dropSaved, rebaseDrafts } from './drafts';
import { listChanged } from '@/features/tasks/listEvents';
import { pushStep, rebaseSteps } from './undoStack';
import { tell, warn } from '@/ui/toast';
import {
  TaskFieldsFragmentDoc,
  type TaskFieldsFragment,
  TaskRowFragmentDoc,
  type TaskRowFragment,
  type UpdateTaskInput,
  UpdateTasksDocument,
  type UpdateTasksMutation,
} from '@/gql';
import { inWords, isConflict, refusals, type Telling } from './mutationResult';

type Known = TaskRowFragment | TaskFieldsFragment;
type Results = UpdateTasksMutation['updateTasks']['results'];

/** Resolves to whether all of it was done. */
export type UpdateTasks = (changes: UpdateTaskInput[], telling?: Telling) => Promise<boolean>;

export function useUpdateTasks(): UpdateTasks {
  const client = useApolloClient();
  return useCallback((changes, telling) => updateTasks(client, changes, telling), [client]);
}

async function updateTasks(client: ApolloClient, changes: UpdateTaskInput[], telling: Telling = {}): Promise<boolean> {
  const known = changes.map((change) => readTask(client, change.id));
  const whole = known.every((task) => task && 'description' in task);
  const input = { tasks: changes.map((change, i) => ({ expectedVersion: known[i]?.version, ...change })) };
  rebase(known, 0);
  try {
    const { data } = await client.mutate({
      mutation: UpdateTasksDocument,
      variables: { input, allFields: whole },
      optimisticResponse: known.every((task) => task !== null)
        ? { updateTasks: foresee(changes, known, whole) }
        : undefined,
    });
    const payload = data?.updateTasks;
    rebase(known, 1, payload?.results);
    changes.forEach((change, i) => payload?.results[i]?.task && dropSaved(change));
    if (!payload || payload.userErrors.length > 0) {
      warn(payload?.userErrors[0]?.message ?? 'Nothing was changed.');
      return false;
    }
    const back = wayBack(known, changes, payload.results);
    for (const { id, expectedVersion: made } of back) rebaseSteps(id, made - 1, made);
    const undo = () => updateTasks(client, back, { done: 'Taken back.', undoing: true });
    const step = back.length > 0 && !telling.undoing ? pushStep(undo, back) : undefined;
    if (telling.done && back.length > 0) tell(telling.done, step);
    if (changes.some((change) => change.status !== undefined || change.expiresAt !== undefined)) listChanged();
    return report(client, input.tasks, payload.results, telling);
  } catch (error) {
    rebase(known, 1);
    warn(inWords(error), { label: 'Try again', run: () => void updateTasks(client, changes, telling) });
    return false;
  }
}

/** What was typed for these tasks stands on the version that is being made; afterwards on that which was made. */
function rebase(tasks: (Known | null)[], from: number, results?: Results): void {
  tasks.forEach((task, i) => {
    if (!task) return;
    const made = from === 0 ? task.version + 1 : (results?.[i]?.task?.version ?? task.version);
    rebaseDrafts(task.id, task.version + from, made);
  });
}

/** All that the cache knows of a task: with its description, or as the list has it. */
function readTask(client: ApolloClient, id: string): Known | null {
  const from = { __typename: 'Task', id };
  const whole = client.cache.readFragment({
    fragment: TaskFieldsFragmentDoc,
    fragmentName: 'TaskFields',
    id: client.cache.identify(from),
    optimistic: true,
  });
  if (whole) return whole;
  return client.cache.readFragment({
    fragment: TaskRowFragmentDoc,
    id: client.cache.identify(from),
    optimistic: true,
  });
}

function foresee(changes: UpdateTaskInput[], known: Known[], whole: boolean): UpdateTasksMutation['updateTasks'] {
  const results = changes.map((change, i) => {
    const task = known[i];
    const given = Object.fromEntries(Object.entries(change).filter(([field]) => task && field in task));
    const updated = { ...task, ...given, version: (task?.version ?? 0) + 1 };
    return {
      __typename: 'UpdateTasksResult' as const,
      task: whole ? { ...updated, updatedAt: new Date().toISOString() } : updated,
      currentTask: null,
      userErrors: [],
    };
  });
  return { __typename: 'UpdateTasksPayload', userErrors: [], results } as UpdateTasksMutation['updateTasks'];
}

/** The changes that make the changed tasks what they were. */
function wayBack(
  known: (Known | null)[],
  changes: UpdateTaskInput[],
  results: Results,
): (UpdateTaskInput & { expectedVersion: number })[] {
  return changes.flatMap((change, i) => {
    const before = known[i];
    const after = results[i]?.task;
    if (!before || !after || after.version === before.version) return [];
    const fields = Object.keys(change).filter((field) => field in before && field !== 'id');
    const values = Object.fromEntries(fields.map((field) => [field, before[field as keyof typeof before]]));
    return [{ ...values, id: change.id, expectedVersion: after.version }];
  });
}

function report(client: ApolloClient, changes: UpdateTaskInput[], results: Results, telling: Telling): boolean {
  const { count, text } = refusals(results);
  if (count === 0) return true;
  const [only] = results;
  const [mine] = changes;
  if (changes.length === 1 && mine && only?.currentTask && isConflict(only)) {
    conflict.set({ mine, theirs: only.currentTask });
    return false;
  }
  const met = changes.flatMap((change, i) => {
    const current = results[i]?.currentTask;
    return current ? [{ ...change, expectedVersion: current.version }] : [];
  });
  const overwrite = { label: 'Change anyway', run: () => void updateTasks(client, met, telling) };
  warn(
    changes.length === 1 ? text : `${count} of ${changes.length} were not changed. ${text}`,
    met.length > 0 ? overwrite : undefined,
  );
  return false;
}
