import { gql, type ApolloClient, type TypedDocumentNode } from '@apollo/client';
import { TASK_FIELDS, type Task } from './task';

type Changed = {
  taskChanged: {
    kind: 'CREATED' | 'UPDATED' | 'DELETED' | 'RESTORED' | 'EXPIRED' | 'MANY' | 'RESYNC';
    task: Task | null;
  };
};

const TASK_CHANGED: TypedDocumentNode<Changed> = gql`
  subscription TaskChanged {
    taskChanged {
      kind
      task {
        ...TaskFields
      }
    }
  }
  ${TASK_FIELDS}
`;

/** Keep the cache up to date with the changes that other clients make. */
export function followChanges(client: ApolloClient) {
  let refetchScheduled = false;

  // A bulk load sends one event per batch, so refetch at most twice a second.
  function refetchSoon() {
    if (refetchScheduled) return;
    refetchScheduled = true;
    setTimeout(() => {
      refetchScheduled = false;
      client.refetchQueries({ include: 'active' });
    }, 500);
  }

  return client.subscribe({ query: TASK_CHANGED, fetchPolicy: 'no-cache' }).subscribe(({ data }) => {
    if (!data) return;
    const { kind, task } = data.taskChanged;
    // Every other kind of event can change which tasks are on the page.
    if (kind !== 'UPDATED' || !task) return refetchSoon();
    const entry = { id: client.cache.identify(task), fragment: TASK_FIELDS };
    const cached = client.cache.readFragment(entry);
    if (!cached || cached.version < task.version) client.cache.writeFragment({ ...entry, data: task });
  });
}
