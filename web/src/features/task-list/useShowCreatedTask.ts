import { useEffect } from 'react';
import { taskCreatedHere } from '@/features/tasks/listEvents';
import { includesTask, type View } from './taskView';
import type { ListAnchor } from './useListAnchor';

interface Options {
  view: View;
  list: ListAnchor;
  refresh: () => Promise<unknown>;
  focus: () => void;
}

/** Scroll to a task that this tab has created, if the task belongs in the list and the newest tasks come first. */
export function useShowCreatedTask({ view, list, refresh, focus }: Options): void {
  const { goToNewTasks, rows, setActiveRow } = list;
  useEffect(
    () =>
      taskCreatedHere.subscribe(() => {
        const task = taskCreatedHere.get();
        if (!task || view.q || view.order !== 'NEWEST' || !includesTask(view, task)) return;
        void goToNewTasks(refresh, 'top', { unlessMoved: true }).then((shown) => {
          if (!shown) return;
          setActiveRow(rows.rowOf(task.id) ?? -1);
          // The person may have begun to type in the time that this took.
          if (!document.activeElement?.matches('input:not([type=checkbox]), textarea, select')) focus();
        });
      }),
    [goToNewTasks, refresh, view, rows, setActiveRow, focus],
  );
}
