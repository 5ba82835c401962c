/** The ids of the rows from one to another, both included; a window that is not on screen is asked for. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { hold } from '@/apollo/windowRetention';
import { SearchTasksDocument, TaskPageDocument } from '@/gql';
import { type Rows, WINDOW } from './LoadedRows';
import { pageVariables, searchVariables } from './TaskWindow';
import type { View } from './taskView';

/** `cursors`: where each page of a search begins. */
export function useIdsBetween(view: View, rows: Rows, cursors: (string | null)[]) {
  const client = useApolloClient();
  return useCallback(
    async (first: number, last: number) => {
      const idsOf = async (page: number): Promise<string[]> => {
        const known = rows.idsOf(page);
        if (known) return known;
        if (!view.q) {
          const variables = pageVariables(view, page);
          const { data } = await client.query({ query: TaskPageDocument, variables });
          hold(variables)(); // so that it is let go as all the others
          return data?.tasks.nodes.map(({ id }) => id) ?? [];
        }
        const after = cursors[page];
        if (after === undefined) return [];
        const variables = searchVariables(view, after);
        const { data } = await client.query({ query: SearchTasksDocument, variables });
        hold(variables)();
        return data?.searchTasks.nodes.map(({ id }) => id) ?? [];
      };
      const begin = Math.floor(first / WINDOW);
      const pages = Array.from({ length: Math.floor(last / WINDOW) - begin + 1 }, (_, i) => begin + i);
      const windows = await Promise.all(pages.map(idsOf));
      // Each by its own place: a window may have fewer rows for a moment.
      return windows.flatMap((ids, i) => {
        const start = (begin + i) * WINDOW;
        return ids.slice(Math.max(first - start, 0), last - start + 1);
      });
    },
    [client, rows, cursors, view],
  );
}
