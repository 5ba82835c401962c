/** A task as the list has it in the cache. */
import type { ApolloClient } from '@apollo/client';
import { TaskRowFragmentDoc, type TaskRowFragment } from '@/gql';

export function readRow(client: ApolloClient, id: string): TaskRowFragment | null {
  return client.cache.readFragment({
    fragment: TaskRowFragmentDoc,
    id: client.cache.identify({ __typename: 'Task', id }),
    optimistic: true,
  });
}
