/** The task list: a grid of any length, of which only the rows on screen are in the document. */
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { BulkActionsBar } from '@/features/bulk-actions/BulkActionsBar';
import { useSelection } from '@/features/bulk-actions/useSelection';
import { useTaskActions } from '@/features/bulk-actions/useTaskActions';
import { DetachedTitleEditor } from './DetachedTitleEditor';
import { NoSearchResults, NoTasks } from './EmptyState';
import type { GridHandle, ListPosition } from './gridHandle';
import { NewTasksPill } from './NewTasksPill';
import styles from './TaskGrid.module.css';
import { rowElementId } from './TaskRow';
import { newTasksEnd, type SetView, type View } from './taskView';
import { useGridHandle } from './useGridHandle';
import { useGridKeys } from './useGridKeys';
import { useIdsInRange } from './useIdsInRange';
import { useListAnchor } from './useListAnchor';
import { useListRefresh } from './useListRefresh';
import { useNewTaskCount, useNewTasks } from './useNewTasks';
import { useReportPosition } from './useReportPosition';
import { useRowHeight } from './useRowHeight';
import { useScaledVirtualizer, type Virtualizer } from './useScaledVirtualizer';
import { useShowCreatedTask } from './useShowCreatedTask';
import { VisibleRows } from './VisibleRows';

/** Rows to assume below the initial one until the service reports the total. */
const INITIAL_ROWS = 60;

interface Props {
  view: View;
  setView: SetView;
  handleRef: RefObject<GridHandle | null>;
  onPositionChange: (position: ListPosition) => void;
  onCreate: () => void;
}

export function TaskGrid({ view, setView, handleRef, onPositionChange, onCreate }: Props) {
  const scrollerRef = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const [initialRow] = useState(Math.max(view.row - 1, 0));
  const counted = view.q === '';
  const virtualizerRef = useRef<Virtualizer>(undefined);
  const list = useListAnchor({
    virtualizerRef,
    initialTotal: initialRow + INITIAL_ROWS,
    counted,
    newestFirst: view.order === 'NEWEST',
  });
  const { rows, extent, activeRow, setActiveRow, goToNewTasks } = list;
  const virtualizer = useScaledVirtualizer({ scrollerRef, total: extent.total, rowHeight, initialRow });
  useLayoutEffect(() => {
    virtualizerRef.current = virtualizer;
  }, [virtualizer]);

  const focus = useCallback(() => scrollerRef.current?.focus({ preventScroll: true }), []);
  const newTasks = useNewTasks(view);
  const refresh = useListRefresh(useCallback(() => rows.refetch().finally(newTasks.recount), [rows, newTasks]));
  const newTaskCount = useNewTaskCount({ view, list, virtualizer, newTasks });
  const showNewTasks = async () => {
    await goToNewTasks(refresh, newTasksEnd(view) ?? 'top');
    focus();
  };
  const selection = useSelection(useIdsInRange(view, rows, extent.cursors));
  const { toggleCompleted, completeMany, deleteMany } = useTaskActions(selection);
  const [editingId, setEditingId] = useState<string>();
  const edit = useCallback(
    (id: string | undefined) => {
      setEditingId(id);
      if (id === undefined) focus();
    },
    [focus],
  );
  const open = useCallback((id: string) => void setView({ task: id }), [setView]);
  const rowActions = useMemo(
    () => ({
      activate: setActiveRow,
      open,
      edit,
      toggleCompleted,
      toggleSelected: (row: number, range: boolean) => (range ? selection.extendTo(row) : selection.toggle(row)),
    }),
    [setActiveRow, open, edit, toggleCompleted, selection],
  );

  const activeId = activeRow < 0 ? undefined : rows.idAt(activeRow);
  const selectedIds = [...selection.ids];
  const move = (row: number) => {
    setActiveRow(row);
    virtualizer.scrollToRow(row);
    focus();
  };
  const withActive = (run: (id: string) => void) => () => {
    if (activeId !== undefined) run(activeId);
  };
  useGridKeys({
    activeRow,
    total: extent.total,
    virtualizer,
    move,
    extendSelection: (row) => {
      if (selectedIds.length === 0 && activeRow >= 0) selection.toggle(activeRow);
      selection.extendTo(row);
      move(row);
    },
    toggleSelected: () => activeRow >= 0 && selection.toggle(activeRow),
    toggleCompleted: selectedIds.length > 0 ? () => completeMany(selectedIds) : withActive(toggleCompleted),
    edit: () => activeId !== undefined && edit(activeId),
    open: withActive(open),
    deleteTasks: selectedIds.length > 0 ? () => deleteMany(selectedIds) : withActive((id) => deleteMany([id])),
    clearSelection: selection.clear,
  });
  useGridHandle({ handleRef, list, virtualizer, focus });
  useReportPosition({ view, setView, list, virtualizer, counted, onPositionChange });
  useShowCreatedTask({ view, list, refresh, focus });

  const activeRowIsDrawn = activeRow >= virtualizer.first && activeRow <= virtualizer.last;
  const isEmpty = extent.known && extent.total === 0;
  return (
    <div className={styles.frame}>
      {isEmpty && (counted ? <NoTasks view={view} onCreate={onCreate} /> : <NoSearchResults query={view.q} />)}
      <DetachedTitleEditor onDone={() => edit(undefined)} />
      <NewTasksPill {...newTaskCount} onShow={() => void showNewTasks()} />
      <div
        ref={scrollerRef}
        {...(isEmpty ? {} : gridAttributes(counted && extent.known ? extent.total : UNKNOWN_ROW_COUNT))}
        aria-activedescendant={activeRowIsDrawn && activeId !== undefined ? rowElementId(activeRow) : undefined}
        className={styles.grid}
        data-empty={isEmpty}
        onMouseDown={(event) => {
          if ((event.target as Element).closest('input:not([type="checkbox"])')) return;
          event.preventDefault();
          focus();
        }}
      >
        <div role="presentation" className={styles.inner} style={{ height: virtualizer.innerHeight }}>
          <VisibleRows
            view={view}
            list={list}
            virtualizer={virtualizer}
            rowHeight={rowHeight}
            selectedIds={selection.ids}
            editingId={editingId}
            actions={rowActions}
          />
        </div>
      </div>
      <SelectionToolbar ids={selectedIds} {...{ completeMany, deleteMany, clear: selection.clear, focus }} />
    </div>
  );
}

/** The value of `aria-rowcount` that means "unknown". */
const UNKNOWN_ROW_COUNT = -1;

/** A grid must contain rows, so an empty list has none of these attributes. */
function gridAttributes(rowCount: number) {
  return {
    role: 'grid',
    'aria-label': 'Tasks',
    'aria-multiselectable': true,
    'aria-rowcount': rowCount,
    tabIndex: 0,
  } as const;
}

interface SelectionToolbarProps {
  ids: string[];
  completeMany: (ids: string[]) => void;
  deleteMany: (ids: string[]) => void;
  clear: () => void;
  focus: () => void;
}

/** The toolbar disappears when one of its buttons is pressed, so the focus goes back to the grid. */
function SelectionToolbar({ ids, completeMany, deleteMany, clear, focus }: SelectionToolbarProps) {
  const thenFocus = (run: () => void) => () => {
    run();
    focus();
  };
  return (
    <BulkActionsBar
      count={ids.length}
      onComplete={thenFocus(() => completeMany(ids))}
      onDelete={thenFocus(() => deleteMany(ids))}
      onClear={thenFocus(clear)}
    />
  );
}
