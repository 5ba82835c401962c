import { useEffect } from 'react';
import { invalidateList, taskCreatedElsewhere } from '@/features/tasks/listEvents';
import { includesTask, type View } from './taskView';
import type { ListAnchor } from './useListAnchor';

/** Count the tasks that others add to this view. An empty list shows them at once. */
export function useNewTaskAnnouncements(view: View, { rows, extent, announceNewTask }: ListAnchor): void {
  useEffect(
    () =>
      taskCreatedElsewhere.subscribe(() => {
        const task = taskCreatedElsewhere.get();
        if (!task || view.q || !includesTask(view, task)) return;
        // A refetch can load the task before its event arrives.
        if (rows.rowOf(task.id) !== undefined) return;
        if (extent.total === 0) invalidateList();
        else announceNewTask();
      }),
    [view, extent.total, rows, announceNewTask],
  );
}
