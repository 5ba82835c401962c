/** Creates a task under an id made here, so that trying again after a lost answer makes no second one. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { created, listChanged, ownTasks } from '@/features/tasks/listEvents';
import { pushStep } from './undoStack';
import { tell } from '@/ui/toast';
import { CreateTaskDocument, type CreateTaskInput } from '@/gql';
import { inWords } from './mutationResult';
import { useDeleteTasks } from './useDeleteTasks';

/** Resolves to what is wrong, field by field; undefined if the task is there. */
export type CreateTask = (input: CreateTaskInput & { id: string }) => Promise<Record<string, string> | undefined>;

export function useCreateTask(): CreateTask {
  const client = useApolloClient();
  const deleteTasks = useDeleteTasks();
  return useCallback(
    async (input) => {
      ownTasks.add(input.id);
      try {
        const { data } = await client.mutate({ mutation: CreateTaskDocument, variables: { input } });
        const task = data?.createTask.task;
        if (!task) {
          const errors = data?.createTask.userErrors ?? [];
          return Object.fromEntries(errors.map(({ field, message }) => [field?.at(-1) ?? 'title', message]));
        }
        const back = [{ id: task.id, expectedVersion: task.version }];
        tell(
          'Task added.',
          pushStep(() => deleteTasks(back, { undoing: true }), back),
        );
        created.set(task);
        listChanged();
        return undefined;
      } catch (error) {
        return { title: inWords(error) };
      }
    },
    [client, deleteTasks],
  );
}
