import { ALL_TAB } from '@/features/task-list/taskView';
import type { TaskStatus } from '@/gql';
import type { Total } from '@/ui/format';

/** The number of each tab that has one. */
export type TabCounts = Partial<Record<string, Total>>;

const STATUSES = ['TODO', 'IN_PROGRESS', 'DONE'] as const;

export function exact(count: number): Total {
  return { count, exact: true };
}

/** Return the counts of a view from the number of its tasks in each status. A status without tasks may be missing. */
export function countsOfFacets(facets: readonly { value: string; count: number }[]): TabCounts {
  const counts: TabCounts = { [ALL_TAB]: exact(facets.reduce((sum, { count }) => sum + count, 0)) };
  for (const status of STATUSES) counts[status] = exact(facets.find(({ value }) => value === status)?.count ?? 0);
  return counts;
}

/** Return the counts of a search from its first results. With more results, they are lower bounds. */
export function countsOfSearch(tasks: readonly { status: TaskStatus }[], hasMore: boolean): TabCounts {
  const counts: TabCounts = { [ALL_TAB]: { count: tasks.length, exact: !hasMore } };
  for (const status of STATUSES) {
    const count = tasks.filter((task) => task.status === status).length;
    if (count > 0 || !hasMore) counts[status] = { count, exact: !hasMore };
  }
  return counts;
}
