/** How many tasks there are, of each status: asked once, and then told whenever it changes. */
import { useApolloClient, useQuery, useSubscription } from '@apollo/client/react';
import { TaskCountsChangedDocument, TaskCountsDocument, type TaskCountsQuery } from '@/gql';

export function useCounts(): TaskCountsQuery['taskCounts'] | undefined {
  const client = useApolloClient();
  const { data } = useQuery(TaskCountsDocument);
  useSubscription(TaskCountsChangedDocument, {
    fetchPolicy: 'no-cache',
    onData: ({ data: { data: told } }) =>
      told && client.writeQuery({ query: TaskCountsDocument, data: { taskCounts: told.taskCountsChanged } }),
  });
  return data?.taskCounts;
}
