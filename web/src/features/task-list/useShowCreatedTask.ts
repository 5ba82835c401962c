import { useEffect } from 'react';
import { taskCreatedHere } from '@/features/tasks/listEvents';
import { userActions } from '@/ui/userActions';
import { includesTask, type View } from './taskView';
import type { ListAnchor } from './useListAnchor';

interface Options {
  view: View;
  list: ListAnchor;
  refresh: () => Promise<unknown>;
  focus: () => void;
}

/**
 * Scroll to a task that this tab has created, if the task belongs in the list and the newest tasks come first.
 *
 * A list that the person has used since they submitted the task stays where it is, and so does the focus.
 */
export function useShowCreatedTask({ view, list, refresh, focus }: Options): void {
  const { goToNewTasks, rows, setActiveRow } = list;
  useEffect(
    () =>
      taskCreatedHere.subscribe(() => {
        const created = taskCreatedHere.get();
        if (!created || view.q || view.order !== 'NEWEST' || !includesTask(view, created.task)) return;
        const isWatching = () => userActions() === created.actions;
        void goToNewTasks(refresh, 'top', { unless: isWatching() ? 'moved' : 'away' }).then((shown) => {
          if (!shown || !isWatching()) return;
          setActiveRow(rows.rowOf(created.task.id) ?? -1);
          focus();
        });
      }),
    [goToNewTasks, refresh, view, rows, setActiveRow, focus],
  );
}
