/** The actions of the list: complete or reopen one task, complete or delete many. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { formatTaskCount } from '@/features/tasks/labels';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { showToast } from '@/ui/toast';
import type { Selection } from './useSelection';

export function useTaskActions({ remove, clear }: Selection) {
  const client = useApolloClient();
  const updateTasks = useUpdateTasks();
  const deleteTasks = useDeleteTasks();
  const toggleCompleted = useCallback(
    (id: string) => {
      const task = readTaskRow(client, id);
      if (!task) return;
      const reopen = task.status === 'DONE';
      void updateTasks([{ id, status: reopen ? 'TODO' : 'DONE' }], {
        successMessage: reopen ? 'Reopened 1 task.' : 'Completed 1 task.',
      });
    },
    [client, updateTasks],
  );
  const completeMany = useCallback(
    (ids: string[]) => {
      const unfinished = ids.filter((id) => readTaskRow(client, id)?.status !== 'DONE');
      clear();
      if (unfinished.length === 0) return showToast('The selected tasks are already done.');
      void updateTasks(
        unfinished.map((id) => ({ id, status: 'DONE' as const })),
        { successMessage: `Completed ${formatTaskCount(unfinished.length)}.` },
      );
    },
    [client, clear, updateTasks],
  );
  const deleteMany = useCallback(
    (ids: string[]) => {
      remove(ids);
      void deleteTasks(ids.map((id) => ({ id, expectedVersion: readTaskRow(client, id)?.version })));
    },
    [client, remove, deleteTasks],
  );
  return { toggleCompleted, completeMany, deleteMany };
}
