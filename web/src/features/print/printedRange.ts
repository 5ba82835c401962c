import { formatTaskCount } from '@/features/tasks/labels';
import { t } from '@/ui/messages';
import { MAX_PRINTED_TASKS } from './printRequest';

export interface PrintedRange {
  /** The row of the first task, from 0. */
  first: number;
  count: number;
  /** The number of tasks in the view, if it is known. */
  total: number | undefined;
  /** Whether the tasks were loaded from the start of the view, up to the limit. */
  loaded: boolean;
}

/** Return which tasks of a view are printed: "First 1,000 of 12,345 tasks". */
export function describeRange({ first, count, total, loaded }: PrintedRange): string {
  const isAll = (loaded && count < MAX_PRINTED_TASKS) || (total !== undefined && count >= total);
  if (isAll || count === 0) return formatTaskCount(count);
  if (loaded) return total === undefined ? t('print.first', { count }) : t('print.firstOf', { count, total });
  const rows = { first: first + 1, last: first + count };
  return total === undefined ? t('print.rows', rows) : t('print.rowsOf', { ...rows, total });
}
