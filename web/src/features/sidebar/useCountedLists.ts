import { useApolloClient } from '@apollo/client/react';
import { useEffect, useMemo } from 'react';
import { MAX_FACETS, useFacets } from '@/features/facets/useFacets';
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
  useEffect(() => {
    // Someone may have created a list. Without an answer, the sidebar has the lists that the page knows.
    const unknown = facets?.some(({ value }) => !taskLists.get().has(value)) ?? true;
    if (unknown) readAllTaskLists(client).catch(() => undefined);
  }, [client, facets]);
  const lists = useStore(taskLists);
  const sorted = useMemo(() => sortLists([...lists.values()]), [lists]);
  return useMemo(() => {
    const counts = new Map(facets?.map(({ value, count }) => [value, count]));
    // A list that the answer leaves out has no tasks, unless the answer is not complete.
    const leftOut = facets && facets.length < MAX_FACETS ? 0 : undefined;
    return sorted.map((list) => ({ ...list, count: counts.get(list.id) ?? leftOut }));
  }, [sorted, facets]);
}
