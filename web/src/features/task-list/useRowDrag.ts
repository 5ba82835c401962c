import { useApolloClient } from '@apollo/client/react';
import { tasksWithIds } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import type { TaskActions } from '@/features/bulk-actions/useTaskActions';
import { containsTask, countTasks } from '@/features/bulk-changes/taskSet';
import { useCanWrite } from '@/features/identity/permissions';
import { followPress } from '@/features/task-drag/taskDrag';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import type { LoadedRows } from './LoadedRows';

interface Options {
  rows: LoadedRows;
  selection: Selection;
  actions: TaskActions;
  /** The number of tasks of the list, if it is known. */
  total: number | undefined;
}

/** Return a function that lets a pressed row be dragged onto a list. A selected row takes the selection along. */
export function useRowDrag({ rows, selection, actions, total }: Options) {
  const client = useApolloClient();
  const canWrite = useCanWrite();
  return (event: PointerEvent, row: number) => {
    const id = rows.idAt(row);
    const task = id === undefined ? null : readTaskRow(client, id);
    if (!task || !canWrite) return;
    const tasks = containsTask(selection.tasks, task) ? selection.tasks : tasksWithIds([task.id]);
    followPress(event, {
      count: () => countTasks(tasks, total),
      onDrop: (listId) => actions.change(tasks, { kind: 'update', fields: { listId } }),
    });
  };
}
