/** What the list does to its tasks: complete or reopen one, complete or delete those that are selected. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { tell } from '@/ui/toast';
import { tasksInWords } from '@/features/task-editing/mutationResult';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { readRow } from '@/features/tasks/readTaskRow';
import type { Selection } from './useSelection';

export function useTaskActions({ drop, clear }: Selection) {
  const client = useApolloClient();
  const updateTasks = useUpdateTasks();
  const deleteTasks = useDeleteTasks();
  const complete = useCallback(
    (id: string) => {
      const task = readRow(client, id);
      if (!task) return;
      const done = task.status !== 'DONE';
      void updateTasks([{ id, status: done ? 'DONE' : 'TODO' }], {
        done: done ? 'Completed 1 task.' : 'Reopened 1 task.',
      });
    },
    [client, updateTasks],
  );
  const completeMany = useCallback(
    (ids: string[]) => {
      const unfinished = ids.filter((id) => readRow(client, id)?.status !== 'DONE');
      clear();
      if (unfinished.length === 0) return tell('All of them were done already.');
      void updateTasks(
        unfinished.map((id) => ({ id, status: 'DONE' as const })),
        { done: `Completed ${tasksInWords(unfinished.length)}.` },
      );
    },
    [client, clear, updateTasks],
  );
  const removeMany = useCallback(
    (ids: string[]) => {
      drop(ids);
      void deleteTasks(ids.map((id) => ({ id, expectedVersion: readRow(client, id)?.version })));
    },
    [client, drop, deleteTasks],
  );
  return { complete, completeMany, removeMany };
}
