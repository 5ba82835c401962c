import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { retainWindow } from '@/apollo/windowRetention';
import { TaskPageDocument } from '@/gql';
import type { LoadedRows } from './LoadedRows';
import { isCounted, type View } from './taskView';
import { matchQuery, pagesOfRows, pageVariables, sliceRange } from './windows';

/**
 * Return a function that resolves to the ids of a range of rows, both ends included.
 *
 * Windows that are not on screen are fetched. `cursors` says where each page of a search or a filter begins.
 */
export function useIdsInRange(view: View, rows: LoadedRows, cursors: (string | null)[]) {
  const client = useApolloClient();
  return useCallback(
    async (first: number, last: number) => {
      const fetchIds = async (page: number): Promise<string[]> => {
        const loadedIds = rows.idsOfPage(page);
        if (loadedIds) return loadedIds;
        if (isCounted(view)) {
          const variables = pageVariables(view, page);
          const { data } = await client.query({ query: TaskPageDocument, variables });
          markAsRecent(variables);
          return data?.tasks.nodes.map(({ id }) => id) ?? [];
        }
        const after = cursors[page];
        if (after === undefined) return [];
        const { query, variables } = matchQuery(view, after);
        const { data } = await client.query({ query, variables });
        markAsRecent(variables);
        return data?.matches.nodes.map(({ id }) => id) ?? [];
      };
      const windows = await Promise.all(pagesOfRows(first, last).map(fetchIds));
      return sliceRange(windows, first, last);
    },
    [client, rows, cursors, view],
  );
}

/** Release the window at once, so that it is evicted like a window that was on screen. */
function markAsRecent(variables: Parameters<typeof retainWindow>[0]): void {
  retainWindow(variables)();
}
