/** The list: a grid of any length, of which only what is on screen exists. */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { created } from '@/features/tasks/listEvents';
import { BulkBar } from '@/features/bulk-actions/BulkActionsBar';
import { GridWindows } from './VisibleRows';
import styles from './TaskGrid.module.css';
import { NewPill } from './NewTasksPill';
import { NoTasks, NothingFound } from './EmptyState';
import { rowId } from './TaskRow';
import { useArrivals } from './useNewTaskCount';
import { useGridKeys } from './useGridKeys';
import { useIdsBetween } from './useIdsInRange';
import { useLoaded } from './useListAnchor';
import { useRefresh } from './useListRefresh';
import { useRowHeight } from './useRowHeight';
import { useSelection } from '@/features/bulk-actions/useSelection';
import { useTaskActions } from '@/features/bulk-actions/useTaskActions';
import { useVirtual, type Virtual } from './useScaledVirtualizer';
import { belongs, type SetView, type View } from './taskView';

/** What the rest of the page may ask of the list. */
export interface GridHandle {
  goToRow: (row: number) => void;
  focus: () => void;
  refetch: () => Promise<unknown>;
}

export interface GridPlace {
  row: number;
  total: number;
  counted: boolean;
  measureKeys: string[];
}

interface Props {
  view: View;
  setView: SetView;
  handleRef: React.RefObject<GridHandle | null>;
  onPlace: (place: GridPlace) => void;
  onCreate: () => void;
}

/** An empty grid would be none. */
const GRID = { role: 'grid', 'aria-label': 'Tasks', 'aria-multiselectable': true, tabIndex: 0 } as const;

export function TaskGrid({ view, setView, handleRef, onPlace, onCreate }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const [initialRow] = useState(Math.max(view.row - 1, 0));
  const counted = view.q === '';
  const virtualRef = useRef<Virtual>(undefined);
  const list = useLoaded({ virtualRef, expected: initialRow + 60, counted, newestFirst: view.order === 'NEWEST' });
  const { rows, loaded, active, setActive, follow } = list;
  const virtual = useVirtual({ scrollerRef: scroller, total: loaded.total, rowHeight, initialRow });
  useLayoutEffect(() => {
    virtualRef.current = virtual;
  }, [virtual]);

  const focus = useCallback(() => scroller.current?.focus({ preventScroll: true }), []);
  const refresh = useRefresh(useCallback(() => rows.refetch(), [rows]));
  useArrivals(view, list);
  const showNew = useCallback(async () => {
    await follow(refresh, view.order === 'OLDEST');
    focus();
  }, [follow, refresh, focus, view.order]);

  const selection = useSelection(useIdsBetween(view, rows, loaded.cursors));
  const { complete, completeMany, removeMany } = useTaskActions(selection);
  const [editing, setEditing] = useState<string>();
  const edit = useCallback(
    (id: string | undefined) => {
      setEditing(id);
      if (id === undefined) focus();
    },
    [focus],
  );
  const move = useCallback(
    (row: number) => {
      setActive(row);
      virtual.scrollToRow(row);
      focus();
    },
    [virtual, setActive, focus],
  );
  const open = useCallback((id: string) => void setView({ task: id }), [setView]);
  const actions = useMemo(
    () => ({
      activate: setActive,
      open,
      edit,
      complete,
      toggle: (row: number, range: boolean) => (range ? selection.extendTo(row) : selection.toggle(row)),
    }),
    [setActive, open, edit, complete, selection],
  );

  const activeId = active < 0 ? undefined : rows.idAt(active);
  const withActive = (run: (id: string) => void) => () => {
    if (activeId !== undefined) run(activeId);
  };
  const selected = [...selection.ids];
  /** The button that was pressed goes. */
  const thenFocus = (run: () => void) => () => {
    run();
    focus();
  };
  useGridKeys({
    active,
    total: loaded.total,
    virtual,
    move,
    extend: (row) => {
      if (selected.length === 0 && active >= 0) selection.toggle(active);
      selection.extendTo(row);
      move(row);
    },
    toggle: () => active >= 0 && selection.toggle(active),
    complete: selected.length > 0 ? () => completeMany(selected) : withActive(complete),
    edit: () => activeId !== undefined && edit(activeId),
    open: withActive(open),
    remove: selected.length > 0 ? () => removeMany(selected) : withActive((id) => removeMany([id])),
    escape: selection.clear,
  });

  useEffect(() => {
    handleRef.current = {
      goToRow: (wanted) => {
        const row = Math.min(wanted, Math.max(loaded.total - 1, 0));
        virtual.scrollToRow(row, 'top');
        setActive(row);
        focus();
      },
      focus,
      refetch: () => rows.refetch(),
    };
  });
  useEffect(() => {
    onPlace({
      row: virtual.top,
      total: loaded.total,
      counted: counted && loaded.known,
      measureKeys: [...list.keys.values()],
    });
  }, [onPlace, virtual.top, loaded, counted, list.keys]);
  useEffect(() => {
    if (virtual.idle && loaded.known && view.row !== virtual.top + 1) void setView({ row: virtual.top + 1 });
  }, [virtual.idle, virtual.top, loaded.known, view.row, setView]);
  useEffect(
    () =>
      created.subscribe(() => {
        const made = created.get();
        if (!made || !counted || view.order !== 'NEWEST' || !belongs(made, view)) return;
        void follow(refresh).then(() => {
          setActive(rows.rowOf(made.id) ?? -1);
          focus();
        });
      }),
    [follow, refresh, counted, view, rows, setActive, focus],
  );

  const drawn = active >= virtual.first && active <= virtual.last;
  const empty = loaded.known && loaded.total === 0;
  return (
    <div className={styles.frame}>
      {empty && (counted ? <NoTasks view={view} onCreate={onCreate} /> : <NothingFound query={view.q} />)}
      <NewPill count={list.news} onShow={() => void showNew()} />
      <div
        ref={scroller}
        {...(empty ? {} : GRID)}
        aria-rowcount={empty ? undefined : counted && loaded.known ? loaded.total : -1}
        aria-activedescendant={drawn && activeId !== undefined ? rowId(active) : undefined}
        className={styles.grid}
        data-empty={empty}
        onMouseDown={(event) => {
          if ((event.target as Element).closest('input:not([type="checkbox"])')) return;
          event.preventDefault();
          focus();
        }}
      >
        <div role="presentation" className={styles.inner} style={{ height: virtual.innerHeight }}>
          <GridWindows
            view={view}
            list={list}
            virtual={virtual}
            rowHeight={rowHeight}
            selected={selection.ids}
            editing={editing}
            actions={actions}
          />
        </div>
      </div>
      <BulkBar
        count={selected.length}
        onComplete={thenFocus(() => completeMany(selected))}
        onDelete={thenFocus(() => removeMany(selected))}
        onClear={thenFocus(selection.clear)}
      />
    </div>
  );
}
