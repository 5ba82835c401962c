/** The number in each status tab: of all its tasks, or of those that a search or a filter finds there. */
import { skipToken, useQuery } from '@apollo/client/react';
import { useEffect, useMemo } from 'react';
import { retainWindow } from '@/apollo/windowRetention';
import { useFacets } from '@/features/facets/useFacets';
import { useTaskCounts } from '@/features/live-updates/useTaskCounts';
import { activeTab, ALL_TAB, isCounted, type View } from '@/features/task-list/taskView';
import { searchVariables } from '@/features/task-list/windows';
import { SearchStatusesDocument, type TaskWhere } from '@/gql';
import type { Total } from '@/ui/format';
import { countsOfFacets, countsOfSearch, exact, type TabCounts } from './tabCounts';

/** `found` is the total of the list on screen. */
export function useTabCounts(view: View, found: Total | undefined): TabCounts {
  const counts = useTaskCounts();
  const searchCounts = useSearchCounts(view);
  const viewCounts = useViewCounts(view);
  if (view.where) return viewCounts ?? (found ? { [activeTab(view)]: found } : {});
  // A filter is counted only in the tab on screen.
  if (!isCounted(view)) return { ...searchCounts, ...(found && { [activeTab(view)]: found }) };
  if (!counts) return {};
  return {
    [ALL_TAB]: exact(counts.all),
    TODO: exact(counts.todo),
    IN_PROGRESS: exact(counts.inProgress),
    DONE: exact(counts.done),
  };
}

/** The counts of the tasks that have the values of the view, in each status. */
function useViewCounts({ where }: View): TabCounts | undefined {
  const request = useMemo(() => where && { by: 'STATUS' as const, where: withoutStatus(where) }, [where]);
  const { facets } = useFacets(request);
  return facets && countsOfFacets(facets);
}

/** The first window of the search in all tasks has the counts. The list loads it, unless it shows only one status. */
function useSearchCounts(view: View): TabCounts {
  const variables = searchVariables({ ...view, status: null }, null);
  const fetchPolicy = view.status === null ? 'cache-only' : 'cache-first';
  const { data } = useQuery(SearchStatusesDocument, variables.query === '' ? skipToken : { variables, fetchPolicy });
  const key = JSON.stringify(variables);
  useEffect(() => {
    // Mark the window as used. When the list changes, it is evicted like windows that are not on screen, and read again.
    if (data) retainWindow(JSON.parse(key) as typeof variables)();
  }, [data, key]);
  return data ? countsOfSearch(data.searchTasks.nodes, data.searchTasks.pageInfo.hasNextPage) : {};
}

function withoutStatus(where: TaskWhere): TaskWhere {
  return Object.fromEntries(Object.entries(where).filter(([name]) => name !== 'status'));
}
