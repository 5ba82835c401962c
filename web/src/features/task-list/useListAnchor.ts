/**
 * Collects the reports of the windows on screen, and keeps the visible rows in place.
 *
 * A refetched window may contain its tasks some rows further down, because tasks were added above. The list then
 * scrolls by as many rows before it is drawn.
 */
import { type RefObject, useCallback, useMemo, useRef, useState } from 'react';
import { anchorShift, extendMatches, type ListExtent, readAnchor } from './listAnchor';
import { LoadedRows } from './LoadedRows';
import type { Virtualizer } from './useScaledVirtualizer';
import type { WindowReport } from './windows';

/** Windows report in a layout effect. This is long enough for them to render after a refetch. */
const REPORT_DELAY_MS = 50;

interface Options {
  virtualizerRef: RefObject<Virtualizer | undefined>;
  /** The number of rows to assume until the first window reports the total. */
  initialTotal: number;
  /** Whether windows report the total. Those of a search or a filter do not. */
  counted: boolean;
  newestFirst: boolean;
}

export type ListAnchor = ReturnType<typeof useListAnchor>;

export function useListAnchor({ virtualizerRef, initialTotal, counted, newestFirst }: Options) {
  const [rows] = useState(() => new LoadedRows());
  const [metricsKeys] = useState(() => new Map<number, string>());
  const [extent, setExtent] = useState<ListExtent>({ total: initialTotal, known: false, cursors: [null] });
  const latestExtent = useRef(extent);
  const { activeRow, setActiveRow, restoreActiveRow } = useActiveRow(rows);
  const goingToNewTasks = useRef(false);

  const onReport = useCallback(
    (report: WindowReport) => {
      const before = latestExtent.current;
      const anchor = readAnchor(rows, virtualizerRef.current?.top ?? 0);
      rows.set(report.page, { ids: report.nodes.map(({ id }) => id), refetch: report.refetch });
      metricsKeys.set(report.page, report.metricsKey);
      const after = counted ? { ...before, total: report.total ?? 0, known: true } : extendMatches(before, report);
      latestExtent.current = after;
      setExtent(after);
      const activeTaskFound = restoreActiveRow();
      if (anchor.length === 0 || goingToNewTasks.current || !before.known) return;
      const rowsGained = newestFirst && counted ? Math.max(after.total - before.total, 0) : 0;
      const shift = anchorShift(anchor, rows, rowsGained);
      if (shift === 0) return;
      virtualizerRef.current?.moveByRows(shift);
      if (!activeTaskFound) setActiveRow((row) => (row < 0 ? row : Math.max(row + shift, 0)));
    },
    [counted, newestFirst, rows, metricsKeys, virtualizerRef, setActiveRow, restoreActiveRow],
  );
  const onUnmount = useCallback(
    (page: number) => {
      rows.delete(page);
      metricsKeys.delete(page);
    },
    [rows, metricsKeys],
  );
  /**
   * Refetch, and scroll to the end of the list where new tasks appear. `unless`: a list that the person scrolls in this
   * time stays there (`moved`), or also a list that is not at its top (`away`). Resolves to whether the list shows its end.
   */
  const goToNewTasks = useCallback(
    async (
      refetch: () => Promise<unknown>,
      where: 'top' | 'bottom',
      { unless }: { unless?: 'moved' | 'away' } = {},
    ) => {
      const topBefore = virtualizerRef.current?.top;
      if (unless === 'away' && topBefore !== 0) return false;
      goingToNewTasks.current = true;
      try {
        await refetch();
        await new Promise((resolve) => setTimeout(resolve, REPORT_DELAY_MS));
        if (unless && virtualizerRef.current?.top !== topBefore) return false;
        virtualizerRef.current?.scrollToRow(where === 'bottom' ? latestExtent.current.total - 1 : 0, 'top');
        return true;
      } finally {
        goingToNewTasks.current = false;
      }
    },
    [virtualizerRef],
  );

  return useMemo(
    () => ({ rows, metricsKeys, extent, activeRow, setActiveRow, onReport, onUnmount, goToNewTasks }),
    [rows, metricsKeys, extent, activeRow, setActiveRow, onReport, onUnmount, goToNewTasks],
  );
}

/** The active row, or -1. It follows its task when a refetch moves the task to another row. */
function useActiveRow(rows: LoadedRows) {
  const [activeRow, setRow] = useState(-1);
  const active = useRef<{ row: number; id: string | undefined }>({ row: -1, id: undefined });
  const setActiveRow = useCallback(
    (next: number | ((current: number) => number)) => {
      const row = typeof next === 'function' ? next(active.current.row) : next;
      active.current = { row, id: rows.idAt(row) };
      setRow(row);
    },
    [rows],
  );
  /** Returns whether the active task is loaded. If it is not, the row stays active with the task that it now shows. */
  const restoreActiveRow = useCallback(() => {
    const { row, id } = active.current;
    const newRow = id === undefined ? undefined : rows.rowOf(id);
    if (row >= 0) setActiveRow(newRow ?? row);
    return newRow !== undefined;
  }, [rows, setActiveRow]);
  return { activeRow, setActiveRow, restoreActiveRow };
}
