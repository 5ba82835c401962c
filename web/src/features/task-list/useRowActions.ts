import { useMemo } from 'react';
import { tasksWithIds } from '@/features/bulk-actions/selection';
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
}

export function useRowActions({ selection, actions, setActiveRow, open, isOpen, edit }: Options): RowActions {
  const { toggle, extendTo } = selection;
  return useMemo(
    () => ({
      click: (row, id, event) => {
        const action = rowClickAction(readRowClick(event.nativeEvent));
        if (action === 'browser') return;
        if (action !== 'control') event.preventDefault();
        if (action === 'extend') extendTo(row);
        if (action === 'toggle') toggle(row);
        if (action === 'open' || (action === 'activate' && isOpen)) open(id);
        setActiveRow(row);
      },
      edit,
      toggleCompleted: (id) => actions.toggleCompleted(tasksWithIds([id])),
      toggleSelected: (row, range) => (range ? extendTo(row) : toggle(row)),
    }),
    [actions, toggle, extendTo, setActiveRow, open, isOpen, edit],
  );
}
