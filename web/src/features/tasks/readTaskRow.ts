import type { ApolloClient } from '@apollo/client';
import { TaskRowFragmentDoc, type TaskRowFragment } from '@/gql';

/** Return the fields that the list shows of a task, from the cache and with optimistic changes applied. */
export function readTaskRow(client: ApolloClient, id: string): TaskRowFragment | null {
  return client.cache.readFragment({
    fragment: TaskRowFragmentDoc,
    id: client.cache.identify({ __typename: 'Task', id }),
    optimistic: true,
  });
}
