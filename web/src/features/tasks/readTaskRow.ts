import type { ApolloClient } from '@apollo/client';
import { TaskRowFragmentDoc, type TaskRowFragment } from '@/gql';

/** Return the fields of a task that the list shows, from the cache: with optimistic changes, or only what is saved. */
export function readTaskRow(client: ApolloClient, id: string, optimistic = true): TaskRowFragment | null {
  return client.cache.readFragment({
    fragment: TaskRowFragmentDoc,
    id: client.cache.identify({ __typename: 'Task', id }),
    optimistic,
  });
}
