import type { ApolloClient } from '@apollo/client';
import { isStopping, runBulkJob, updateBulkJob } from '@/features/bulk-changes/bulkJob';
import { retryingRequest } from '@/features/bulk-changes/retryingRequest';
import type { TaskQuery } from '@/features/bulk-changes/taskSet';
import { readAhead, readPages } from '@/features/bulk-changes/taskSource';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import type { View } from '@/features/task-list/taskView';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { loadedTasks, MAX_PRINTED_TASKS, type PrintedRow } from './printRequest';

interface PrintedView {
  view: View;
  /** The number of tasks in the view, if it is known. */
  total: number | undefined;
  /** The address of the view. */
  address: string;
}

/** Load the first tasks of a view and print them, unless the person stops the loading. */
export async function printTasks(client: ApolloClient, { view, total, address }: PrintedView): Promise<void> {
  const wanted = total === undefined ? undefined : Math.min(total, MAX_PRINTED_TASKS);
  try {
    const rows = await runBulkJob({ label: t('print.loading'), total: wanted, isUndo: false }, () =>
      loadRows(client, view),
    );
    if (!rows) return;
    loadedTasks.set({ rows, view, total, address });
  } catch (error) {
    return showErrorToast(t('print.notLoaded', { reason: errorMessage(error) }));
  }
  window.print();
}

/** Return undefined if the person has stopped it. */
async function loadRows(client: ApolloClient, query: TaskQuery): Promise<PrintedRow[] | undefined> {
  // A task that moves while the list is read may be read twice.
  const rows = new Map<string, PrintedRow>();
  const pages = readPages(client, retryingRequest, { query }, { order: query.order, titles: true });
  for await (const page of readAhead(pages)) {
    if (isStopping()) return undefined;
    for (const task of page) rows.set(task.id, { ...task, title: task.title ?? '' });
    updateBulkJob({ done: Math.min(rows.size, MAX_PRINTED_TASKS) });
    if (rows.size >= MAX_PRINTED_TASKS) break;
  }
  return [...rows.values()].slice(0, MAX_PRINTED_TASKS);
}
