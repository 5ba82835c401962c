import { useApolloClient, useQuery } from '@apollo/client/react';
import { noteTasksChanged } from '@/features/tasks/listEvents';
import { TaskCountsChangedDocument, TaskCountsDocument, type TaskCountsQuery } from '@/gql';
import { useResilientSubscription } from './useResilientSubscription';

/** Return the number of tasks of each status: queried once, then updated by a subscription. */
export function useTaskCounts(): TaskCountsQuery['taskCounts'] | undefined {
  const client = useApolloClient();
  const { data } = useQuery(TaskCountsDocument);
  useResilientSubscription(TaskCountsChangedDocument, ({ taskCountsChanged: taskCounts }) => {
    client.writeQuery({ query: TaskCountsDocument, data: { taskCounts } });
    noteTasksChanged();
  });
  return data?.taskCounts;
}
