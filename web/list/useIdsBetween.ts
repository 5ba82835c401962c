/** The ids of the rows from one to another, both included; a window that is not on screen is asked for. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback } from 'react';
import { TaskPageDocument } from '@/gql';
import { type Rows, WINDOW } from './rows';
import { pageVariables } from './TaskWindow';
import type { View } from './view';

export function useIdsBetween(view: View, rows: Rows, counted: boolean) {
  const client = useApolloClient();
  return useCallback(
    async (first: number, last: number) => {
      const begin = Math.floor(first / WINDOW);
      const pages = Array.from({ length: Math.floor(last / WINDOW) - begin + 1 }, (_, i) => begin + i);
      const windows = await Promise.all(
        pages.map(async (page) => {
          const known = rows.idsOf(page);
          if (known || !counted) return known ?? [];
          const { data } = await client.query({ query: TaskPageDocument, variables: pageVariables(view, page) });
          return data?.tasks.nodes.map(({ id }) => id) ?? [];
        }),
      );
      const start = begin * WINDOW;
      return windows.flat().slice(first - start, last - start + 1);
    },
    [client, rows, counted, view],
  );
}
