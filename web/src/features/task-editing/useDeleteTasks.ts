/** Deletes one task or many in one mutation: gone at once, back if it was refused, and Undo restores them. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { listChanged } from '@/features/tasks/listEvents';
import { pushStep } from './undoStack';
import { tell, warn } from '@/ui/toast';
import { DeleteTasksDocument, type DeleteTaskInput } from '@/gql';
import { inWords, refusals, tasksInWords, type Telling } from './mutationResult';
import { restoreTasks } from './restoreTasks';

/** Resolves to whether all of them were deleted. */
export type DeleteTasks = (tasks: DeleteTaskInput[], telling?: Telling) => Promise<boolean>;

export function useDeleteTasks(): DeleteTasks {
  const client = useApolloClient();
  return useCallback((tasks, telling) => deleteTasks(client, tasks, telling), [client]);
}

async function deleteTasks(client: ApolloClient, tasks: DeleteTaskInput[], telling: Telling = {}): Promise<boolean> {
  try {
    const { data } = await client.mutate({
      mutation: DeleteTasksDocument,
      variables: { input: { tasks } },
      optimisticResponse: { deleteTasks: foresee(tasks) },
      update: (cache, { data: answer }) => {
        for (const { deletedTaskId } of answer?.deleteTasks.results ?? []) {
          if (deletedTaskId) cache.evict({ id: cache.identify({ __typename: 'Task', id: deletedTaskId }) });
        }
      },
    });
    const payload = data?.deleteTasks;
    if (!payload || payload.userErrors.length > 0) {
      warn(payload?.userErrors[0]?.message ?? 'Nothing was deleted.');
      return false;
    }
    return report(client, tasks, payload.results, telling);
  } catch (error) {
    warn(inWords(error), { label: 'Try again', run: () => void deleteTasks(client, tasks, telling) });
    return false;
  }
}

function foresee(tasks: DeleteTaskInput[]) {
  const results = tasks.map(({ id }) => ({
    __typename: 'DeleteTasksResult' as const,
    deletedTaskId: id,
    currentTask: null,
    userErrors: [],
  }));
  return { __typename: 'DeleteTasksPayload' as const, userErrors: [], results };
}

type Results = Parameters<typeof refusals>[0] extends (infer Item)[]
  ? (Item & { deletedTaskId: string | null })[]
  : never;

function report(client: ApolloClient, tasks: DeleteTaskInput[], results: Results, telling: Telling): boolean {
  const deleted = results.flatMap((result) => (result.deletedTaskId ? [result.deletedTaskId] : []));
  if (deleted.length > 0) {
    const step = telling.undoing ? undefined : pushStep(() => restoreTasks(client, deleted));
    tell(`Deleted ${tasksInWords(deleted.length)}.`, step);
    listChanged();
  }
  const { count, text } = refusals(results);
  if (count === 0) return true;
  const met = results.flatMap(({ currentTask }) =>
    currentTask ? [{ id: currentTask.id, expectedVersion: currentTask.version }] : [],
  );
  const overwrite = { label: 'Delete anyway', run: () => void deleteTasks(client, met, telling) };
  warn(
    tasks.length === 1 ? text : `${count} of ${tasks.length} were not deleted. ${text}`,
    met.length > 0 ? overwrite : undefined,
  );
  return false;
}
