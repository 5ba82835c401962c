/** What the browser prints in place of the page: the open task, or a table of the tasks on screen or of those loaded for it. */
import { useApolloClient } from '@apollo/client/react';
import { type ReactNode, type RefObject, useEffect, useEffectEvent, useState } from 'react';
import { createPortal, flushSync } from 'react-dom';
import { readCachedTask } from '@/features/task-editing/readCachedTask';
import { hasAllFields } from '@/features/task-editing/taskEdits';
import type { GridHandle, ListPosition } from '@/features/task-list/gridHandle';
import { type View, viewTitle } from '@/features/task-list/taskView';
import { ORDER_LABELS } from '@/features/tasks/labels';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { formatLongDate } from '@/ui/format';
import { describeRange } from './printedRange';
import { PrintedTask } from './PrintedTask';
import { PrintedTasks } from './PrintedTasks';
import { loadedTasks } from './printRequest';
import styles from './PrintSheet.module.css';

interface Props {
  view: View;
  position: ListPosition;
  grid: RefObject<GridHandle | null>;
}

interface Sheet {
  content: ReactNode;
  /** The address of what is printed. */
  address: string;
}

export function PrintSheet({ view, position, grid }: Props) {
  const client = useApolloClient();
  const [sheet, setSheet] = useState<Sheet>();

  const composeTasks = () => {
    const visible = (grid.current?.visibleTaskIds() ?? [])
      .map((id) => readTaskRow(client, id))
      .filter((task) => task !== null);
    const found = position.found?.exact ? position.found.count : undefined;
    const loaded = loadedTasks.get();
    const { rows, view: printed, total } = loaded ?? { rows: visible, view, total: found };
    const range = describeRange({ first: position.row, count: rows.length, total, loaded: loaded !== undefined });
    const order = printed.q ? [] : [ORDER_LABELS[printed.order]];
    const summary = [range, ...order, formatLongDate(new Date().toISOString())].join(' · ');
    return <PrintedTasks title={viewTitle(printed)} summary={summary} rows={rows} />;
  };
  const compose = (): Sheet => {
    const task = view.task === null || loadedTasks.get() ? null : readCachedTask(client, view.task);
    return {
      content: hasAllFields(task) ? <PrintedTask task={task} /> : composeTasks(),
      address: loadedTasks.get()?.address ?? window.location.href,
    };
  };
  // The browser prints what is in the document when the event has been handled.
  const open = () => {
    // A sheet that is left over hides the list, which must be measured.
    flushSync(() => setSheet(undefined));
    flushSync(() => setSheet(compose()));
  };
  const close = () => {
    setSheet(undefined);
    loadedTasks.set(undefined);
  };
  usePrintEvents(open, close);

  if (!sheet) return null;
  return createPortal(
    <section className={styles.sheet}>
      {sheet.content}
      <p className={styles.address}>{sheet.address}</p>
    </section>,
    document.body,
  );
}

function usePrintEvents(open: () => void, close: () => void): void {
  const onOpen = useEffectEvent(open);
  const onClose = useEffectEvent(close);
  useEffect(() => {
    const listeners = new AbortController();
    const media = window.matchMedia('print');
    let printing = false;
    const report = (starts: boolean) => () => {
      printing = starts;
      if (starts) onOpen();
      else onClose();
    };
    window.addEventListener('beforeprint', report(true), listeners);
    window.addEventListener('afterprint', report(false), listeners);
    // Developer tools lay the page out for paper without these events. While it is printed, the list has no size.
    media.addEventListener('change', () => !printing && (media.matches ? onOpen() : onClose()), listeners);
    return () => listeners.abort();
  }, []);
}
