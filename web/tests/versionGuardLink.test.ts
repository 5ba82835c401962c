import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from '@apollo/client';
import { expect, it } from 'vitest';
import { rememberRemoval, versionGuardLink } from '@/apollo/versionGuardLink';

const QUERY = gql`
  query TaskDetail($id: ID!) {
    task(id: $id) {
      id
    }
  }
`;
const RESTORE = gql`
  mutation Restore($id: ID!) {
    restore(id: $id) {
      task {
        id
      }
    }
  }
`;

/** Send an operation whose answer, a task, arrives after `beforeAnswer` has run. */
function clientWith(data: (id: string) => Record<string, unknown>, beforeAnswer: () => void) {
  const answer = new ApolloLink(
    ({ variables }) =>
      new Observable((observer) => {
        beforeAnswer();
        observer.next({ data: data(variables['id'] as string) });
        observer.complete();
      }),
  );
  return new ApolloClient({ link: ApolloLink.from([versionGuardLink, answer]), cache: new InMemoryCache() });
}

const task = (id: string) => ({ task: { __typename: 'Task', id } });

it('drops a task that a live update removed while it was fetched', async () => {
  const client = clientWith(task, () => rememberRemoval('a'));
  expect((await client.query({ query: QUERY, variables: { id: 'a' } })).data).toEqual({ task: null });
});

it('keeps a task that was removed before it was fetched, because it may be restored', async () => {
  rememberRemoval('b');
  const client = clientWith(task, () => rememberRemoval('another'));
  expect((await client.query({ query: QUERY, variables: { id: 'b' } })).data).toEqual(task('b'));
});

it('keeps the task of a mutation', async () => {
  const restored = (id: string) => ({ restore: { __typename: 'Payload', ...task(id) } });
  const client = clientWith(restored, () => rememberRemoval('c'));
  expect((await client.mutate({ mutation: RESTORE, variables: { id: 'c' } })).data).toEqual(restored('c'));
});
