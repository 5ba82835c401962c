/** How many tasks there are, of each status: asked once, and then told whenever it changes. */
import { useApolloClient, useQuery } from '@apollo/client/react';
import { TaskCountsChangedDocument, TaskCountsDocument, type TaskCountsQuery } from '@/gql';
import { useLasting } from './useResilientSubscription';

export function useCounts(): TaskCountsQuery['taskCounts'] | undefined {
  const client = useApolloClient();
  const { data } = useQuery(TaskCountsDocument);
  useLasting(TaskCountsChangedDocument, ({ taskCountsChanged: taskCounts }) =>
    client.writeQuery({ query: TaskCountsDocument, data: { taskCounts } }),
  );
  return data?.taskCounts;
}
