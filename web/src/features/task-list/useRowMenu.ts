import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { isEmpty, tasksWithIds } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import type { TaskActions } from '@/features/bulk-actions/useTaskActions';
import { containsTask } from '@/features/bulk-changes/taskSet';
import type { RowMenuRequest } from '@/features/row-menu/rowMenuRequest';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { copyTaskLink } from '@/features/tasks/taskLink';
import type { LoadedRows } from './LoadedRows';
import type { RowActions } from './TaskRow';
import type { TaskCommands } from './useTaskCommands';

interface Options {
  rows: LoadedRows;
  selection: Selection;
  actions: TaskActions;
  commands: TaskCommands;
  setActiveRow: (row: number) => void;
}

/** Return the open menu of a row, and the functions that open and close it. The menu acts on its row only. */
export function useRowMenu(options: Options) {
  const client = useApolloClient();
  const [request, setRequest] = useState<RowMenuRequest>();
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const open: RowActions['openMenu'] = useCallback(
    (row, id, button) => {
      const task = readTaskRow(client, id);
      if (!task) return;
      const { rows, selection, actions, commands, setActiveRow } = latest.current;
      const { left, bottom } = button.getBoundingClientRect();
      const anchor = { left, top: bottom };
      // Tasks that others add or delete move the row while the menu is open.
      const withRow = (run: (current: number) => void) => () => {
        const current = rows.rowOf(id);
        if (current !== undefined) run(current);
      };
      setActiveRow(row);
      setRequest({
        anchor,
        selected: containsTask(selection.tasks, task),
        done: task.status === 'DONE',
        toggleSelected: withRow(selection.toggle),
        selectToHere: isEmpty(selection.tasks) ? undefined : withRow(selection.extendTo),
        toggleCompleted: () => actions.toggleCompleted(tasksWithIds([id])),
        openFieldMenu: (field) => commands.openMenuOf(tasksWithIds([id]), field, anchor),
        copyLink: () => void copyTaskLink(id),
        deleteTask: () => actions.change(tasksWithIds([id]), { kind: 'delete' }),
      });
    },
    [client],
  );
  return { request, open, close: () => setRequest(undefined) };
}
