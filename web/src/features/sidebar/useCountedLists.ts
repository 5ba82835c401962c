import { useApolloClient } from '@apollo/client/react';
import { useEffect, useMemo } from 'react';
import { countsOf, useFacets } from '@/features/facets/useFacets';
import { sortLists } from '@/features/tasks/sortedLists';
import { readAllTaskLists, type TaskList, taskLists } from '@/features/tasks/taskLists';
import type { TaskStatus } from '@/gql';
import { useStore } from '@/ui/store';

export interface CountedList extends TaskList {
  /** The number of its tasks. Undefined if it is not known. */
  count: number | undefined;
}

/** Return all lists by name, with the number of their tasks that have this status. The same array until one changes. */
export function useCountedLists(status: TaskStatus | null): readonly CountedList[] {
  const client = useApolloClient();
  const { facets } = useFacets({ by: 'LIST', where: status && { status } });
  // Without an answer, the sidebar has the lists that the page knows.
  useEffect(() => void readAllTaskLists(client).catch(() => undefined), [client]);
  // Someone may have created a list.
  useEffect(() => {
    if (facets?.some(({ value }) => !taskLists.get().has(value))) readAllTaskLists(client).catch(() => undefined);
  }, [client, facets]);
  const lists = useStore(taskLists);
  const sorted = useMemo(() => sortLists([...lists.values()]), [lists]);
  return useMemo(() => {
    const countOf = countsOf(facets);
    return sorted.map((list) => ({ ...list, count: countOf(list.id) }));
  }, [sorted, facets]);
}
