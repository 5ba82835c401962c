import type { ApolloClient } from '@apollo/client';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import { TaskFieldsFragmentDoc } from '@/gql';
import type { CachedTask } from './taskEdits';

/** Return the cached task: with all fields if the cache has them, otherwise with the fields that the list shows. */
export function readCachedTask(client: ApolloClient, id: string, optimistic = true): CachedTask | null {
  const allFields = client.cache.readFragment({
    fragment: TaskFieldsFragmentDoc,
    fragmentName: 'TaskFields',
    id: client.cache.identify({ __typename: 'Task', id }),
    optimistic,
  });
  return allFields ?? readTaskRow(client, id, optimistic);
}
