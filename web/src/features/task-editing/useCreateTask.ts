import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { idsCreatedHere, invalidateList, taskCreatedHere } from '@/features/tasks/listEvents';
import { CreateTaskDocument, type CreateTaskInput } from '@/gql';
import { nameTasks } from './changeLabels';
import { requestErrorMessage } from './mutationResults';
import { trackChange } from './pendingChanges';
import { recordChange } from './undoStack';
import { showUndoToast } from './undoToast';
import { type DeleteTasks, useDeleteTasks } from './useDeleteTasks';

/** Resolves to the errors by field, or to undefined if the task was created. */
export type CreateTask = (input: CreateTaskInput & { id: string }) => Promise<Record<string, string> | undefined>;

export function useCreateTask(): CreateTask {
  const client = useApolloClient();
  const deleteTasks = useDeleteTasks();
  return useCallback((input) => trackChange(sendCreate(client, deleteTasks, input)), [client, deleteTasks]);
}

async function sendCreate(
  client: ApolloClient,
  deleteTasks: DeleteTasks,
  input: CreateTaskInput & { id: string },
): ReturnType<CreateTask> {
  idsCreatedHere.add(input.id);
  try {
    const { data } = await client.mutate({ mutation: CreateTaskDocument, variables: { input } });
    const task = data?.createTask.task;
    if (!task) {
      const errors = data?.createTask.userErrors ?? [];
      return Object.fromEntries(errors.map(({ field, message }) => [field?.at(-1) ?? 'title', message]));
    }
    const expected = [{ id: task.id, expectedVersion: task.version }];
    showUndoToast(
      'Task created.',
      recordChange(
        { origin: 'change', label: `Created ${nameTasks([input])}` },
        (record) => deleteTasks(expected, { record }),
        expected,
      ),
    );
    taskCreatedHere.set(task);
    invalidateList();
    return undefined;
  } catch (error) {
    return { title: requestErrorMessage(error) };
  }
}
