/** The task list: a grid of any length, of which only the rows on screen are in the document. */
import { type CSSProperties, type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { BulkActionsBar } from '@/features/bulk-actions/BulkActionsBar';
import { pendingDelete } from '@/features/bulk-actions/pendingDelete';
import { isEmpty as isNothingSelected } from '@/features/bulk-actions/selection';
import { type Selection, useSelection } from '@/features/bulk-actions/useSelection';
import { useTaskActions } from '@/features/bulk-actions/useTaskActions';
import { countTasks } from '@/features/bulk-changes/taskSet';
import { checkCanWrite } from '@/features/identity/permissions';
import { SearchTerms } from '@/features/search/HighlightedText';
import { parseQuery } from '@/features/search/searchQuery';
import { editOpenTitle } from '@/features/tasks/openTask';
import type { Total } from '@/ui/format';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { useLatch } from '@/ui/useLatch';
import { DetachedTitleEditor } from './DetachedTitleEditor';
import { EmptyList } from './EmptyState';
import type { GridHandle, ListPosition } from './gridHandle';
import { totalOf } from './listAnchor';
import { NewTasksPill } from './NewTasksPill';
import { ConfirmDelete, FieldMenu, RowMenu } from './parts';
import styles from './TaskGrid.module.css';
import { rowElementId } from './TaskRow';
import { dependsOnFields, isCounted, newTasksEnd, type SetView, type View } from './taskView';
import { useGridHandle } from './useGridHandle';
import { useGridKeys } from './useGridKeys';
import { useIdsInRange } from './useIdsInRange';
import { useListAnchor } from './useListAnchor';
import { useListRefresh } from './useListRefresh';
import { useNewTaskCount, useNewTasks } from './useNewTasks';
import { useOpenTask } from './useOpenTask';
import { useReportPosition } from './useReportPosition';
import { useRowActions } from './useRowActions';
import { useRowDrag } from './useRowDrag';
import { useRowHeight } from './useRowHeight';
import { useRowMenu } from './useRowMenu';
import { useRowPress } from './useRowPress';
import { useScaledVirtualizer, type Virtualizer } from './useScaledVirtualizer';
import { useShowCreatedTask } from './useShowCreatedTask';
import { type TaskCommands, useTaskCommands } from './useTaskCommands';
import { VisibleRows } from './VisibleRows';

/** Rows to assume below the initial one until the service reports the total. */
const INITIAL_ROWS = 60;

interface Props {
  view: View;
  setView: SetView;
  handleRef: RefObject<GridHandle | null>;
  onPositionChange: (position: ListPosition) => void;
  onCreate: () => void;
  onClearFilter: () => void;
}

export function TaskGrid({ view, setView, handleRef, onPositionChange, onCreate, onClearFilter }: Props) {
  const scrollerRef = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const counted = isCounted(view);
  // The pages of a search or a filter are only found one after the other.
  const [initialRow] = useState(counted ? Math.max(view.row - 1, 0) : 0);
  const virtualizerRef = useRef<Virtualizer>(undefined);
  const list = useListAnchor({
    virtualizerRef,
    initialTotal: initialRow + INITIAL_ROWS,
    counted,
    newestFirst: view.order === 'NEWEST',
  });
  const { rows, extent, activeRow, setActiveRow, goToNewTasks } = list;
  const virtualizer = useScaledVirtualizer({ scrollerRef, extent, rowHeight, initialRow });
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
  const selection = useSelection(view, useIdsInRange(view, rows, extent.cursors));
  const found = totalOf(extent);
  const total = exactCount(found);
  const placingFields = useMemo(() => dependsOnFields(view), [view]);
  const actions = useTaskActions(selection, { total, placingFields });
  const [editingId, setEditingId] = useState<string>();
  const edit = useCallback(
    (id: string | undefined) => {
      if (id !== undefined && !checkCanWrite()) return;
      setEditingId(id);
      if (id === undefined) focus();
    },
    [focus],
  );
  const activeId = activeRow < 0 ? undefined : rows.idAt(activeRow);
  const openId = view.task;
  const { open, close, followActiveRow } = useOpenTask({ openId, activeId, setView, list });
  const commands = useTaskCommands({ selection, actions, activeRow, activeId, openId, focus });
  const rowMenu = useRowMenu({ rows, selection, actions, commands, setActiveRow });
  const rowActions = useRowActions({
    selection,
    actions,
    setActiveRow,
    open,
    isOpen: openId !== null,
    edit,
    openMenu: rowMenu.open,
  });
  const closeRowMenu = () => {
    rowMenu.close();
    focus();
  };
  const drag = useRowDrag({ rows, selection, actions, total });
  const rowPress = useRowPress({ selection, setActiveRow, drag });

  const move = (row: number) => {
    followActiveRow();
    setActiveRow(row);
    virtualizer.scrollToRow(row);
    // The focus stays in the panel of the open task, if it is there.
    if (openId === null || document.activeElement === document.body) focus();
  };
  useGridKeys({
    activeRow,
    total: extent.total,
    virtualizer,
    move,
    extendSelection: (row) => {
      if (isNothingSelected(selection.tasks) && activeRow >= 0) selection.toggle(activeRow);
      selection.extendTo(row);
      move(row);
    },
    toggleSelected: () => activeRow >= 0 && selection.toggle(activeRow),
    selectAll: selection.selectAll,
    toggleCompleted: commands.toggleCompleted,
    edit: () => (openId === null ? activeId !== undefined && edit(activeId) : editOpenTitle()),
    open: () => (openId === null ? activeId !== undefined && open(activeId) : editOpenTitle()),
    openMenu: (field) => commands.openMenu(field),
    copyLink: commands.copyLink,
    deleteTasks: () => {
      if (isNothingSelected(selection.tasks)) followActiveRow();
      commands.deleteTasks();
    },
    dismiss: () => {
      if (openId !== null) close();
      else if (!isNothingSelected(selection.tasks)) selection.clear();
      else if (view.q) void setView({ q: null, row: null }, { history: 'push' });
    },
  });
  useGridHandle({ handleRef, list, virtualizer, focus, selectAll: selection.selectAll, commands });
  useReportPosition({ view, setView, list, virtualizer, counted, onPositionChange });
  useShowCreatedTask({ view, list, refresh, focus });

  const confirmNeeded = useLatch(useStore(pendingDelete) !== undefined);
  const activeRowIsDrawn = activeRow >= virtualizer.first && activeRow <= virtualizer.last;
  const isEmpty = extent.known && extent.total === 0;
  const searchTerms = useMemo(() => parseQuery(view.q).terms, [view.q]);
  return (
    <div className={styles.frame}>
      {isEmpty && <EmptyList view={view} onCreate={onCreate} onClearFilter={onClearFilter} />}
      <DetachedTitleEditor onDone={() => edit(undefined)} />
      <NewTasksPill {...newTaskCount} onShow={() => void showNewTasks()} />
      <div
        ref={scrollerRef}
        {...(isEmpty ? {} : gridAttributes(total ?? UNKNOWN_ROW_COUNT))}
        aria-activedescendant={activeRowIsDrawn && activeId !== undefined ? rowElementId(activeRow) : undefined}
        className={styles.grid}
        data-empty={isEmpty}
        {...rowPress}
        onMouseDown={(event) => {
          if ((event.target as Element).closest('input:not([type="checkbox"])')) return;
          event.preventDefault();
          focus();
        }}
      >
        <div role="presentation" className={styles.inner} style={innerStyle(virtualizer.innerHeight, rowHeight)}>
          <SearchTerms value={searchTerms}>
            <VisibleRows
              view={view}
              list={list}
              virtualizer={virtualizer}
              rowHeight={rowHeight}
              selection={selection.tasks}
              editingId={editingId}
              actions={rowActions}
            />
          </SearchTerms>
        </div>
      </div>
      <SelectionToolbar selection={selection} listTotal={found} commands={commands} focus={focus} />
      {commands.menu && <FieldMenu {...commands.menu} onClose={commands.closeMenu} />}
      {rowMenu.request && <RowMenu {...rowMenu.request} onClose={closeRowMenu} />}
      {confirmNeeded && <ConfirmDelete />}
    </div>
  );
}

function innerStyle(height: number, rowHeight: number): CSSProperties {
  return { height, ['--row-height' as string]: `${rowHeight}px` };
}

function exactCount(total: Total | undefined): number | undefined {
  return total?.exact ? total.count : undefined;
}

/** The value of `aria-rowcount` that means "unknown". */
const UNKNOWN_ROW_COUNT = -1;

/** A grid must contain rows, so an empty list has none of these attributes. */
function gridAttributes(rowCount: number) {
  return {
    role: 'grid',
    'aria-label': t('list.name'),
    'aria-multiselectable': true,
    'aria-rowcount': rowCount,
    tabIndex: 0,
  } as const;
}

interface SelectionToolbarProps {
  selection: Selection;
  listTotal: Total | undefined;
  commands: TaskCommands;
  focus: () => void;
}

/** The toolbar disappears when one of its buttons is pressed, so the focus goes back to the grid. */
function SelectionToolbar({ selection, listTotal, commands, focus }: SelectionToolbarProps) {
  const thenFocus = (run: () => void) => () => {
    run();
    focus();
  };
  const { tasks } = selection;
  return (
    <BulkActionsBar
      count={countTasks(tasks, exactCount(listTotal))}
      listTotal={listTotal}
      allSelected={tasks.range !== undefined && !tasks.range.bounds && tasks.excluded.size === 0}
      onSelectAll={thenFocus(selection.selectAll)}
      onComplete={thenFocus(commands.toggleCompleted)}
      onDelete={thenFocus(commands.deleteTasks)}
      onClear={thenFocus(selection.clear)}
      onOpenMenu={commands.openMenu}
    />
  );
}
