import { ALL_TAB } from '@/features/task-list/taskView';
import type { TaskStatus } from '@/gql';
import type { Total } from '@/ui/format';

/** The number of each tab that has one. */
export type TabCounts = Partial<Record<string, Total>>;

/** Return the counts of a search from its first results. With more results, they are lower bounds. */
export function countsOfSearch(tasks: readonly { status: TaskStatus }[], hasMore: boolean): TabCounts {
  const counts: TabCounts = { [ALL_TAB]: { count: tasks.length, exact: !hasMore } };
  for (const status of ['TODO', 'IN_PROGRESS', 'DONE'] as const) {
    const count = tasks.filter((task) => task.status === status).length;
    if (count > 0 || !hasMore) counts[status] = { count, exact: !hasMore };
  }
  return counts;
}
