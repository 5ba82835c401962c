import { useMemo } from 'react';
import { isEmpty, tasksWithIds } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import type { TaskActions } from '@/features/bulk-actions/useTaskActions';
import { readRowClick, rowClickAction } from './rowClick';
import type { RowActions } from './TaskRow';

interface Options {
  selection: Selection;
  actions: TaskActions;
  setActiveRow: (row: number) => void;
  open: (id: string) => void;
  /** Whether a task is open. The panel then shows each row that is clicked. */
  isOpen: boolean;
  edit: RowActions['edit'];
  openMenu: RowActions['openMenu'];
}

export function useRowActions({ selection, actions, setActiveRow, open, isOpen, edit, openMenu }: Options): RowActions {
  const { toggle, extendTo } = selection;
  const selecting = !isEmpty(selection.tasks);
  return useMemo(
    () => ({
      click: (row, id, event) => {
        const action = rowClickAction(readRowClick(event.nativeEvent, selecting));
        if (action === 'browser') return;
        if (action !== 'control') event.preventDefault();
        if (action === 'extend') extendTo(row);
        if (action === 'toggle') toggle(row);
        if (action === 'open' || (action === 'activate' && isOpen)) open(id);
        setActiveRow(row);
      },
      edit,
      openMenu,
      toggleCompleted: (id) => actions.toggleCompleted(tasksWithIds([id])),
      toggleSelected: (row, range) => (range ? extendTo(row) : toggle(row)),
    }),
    [actions, toggle, extendTo, selecting, setActiveRow, open, isOpen, edit, openMenu],
  );
}
