import { ApolloClient, ApolloLink, gql, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { Observable } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { connection, updateConnection } from '@/apollo/connection';
import { reachabilityLink } from '@/apollo/reachabilityLink';
import { metricsKey, requestMetricsLink, windowMetrics } from '@/apollo/requestMetricsLink';
import { serialMutationLink } from '@/apollo/serialMutationLink';
import { rememberVersion, versionGuardLink } from '@/apollo/versionGuardLink';
import { task } from './tasks';

const TASK_QUERY: TypedDocumentNode<{ task: object }, Record<string, never>> = gql`
  query Task {
    task {
      id
      title
      version
    }
  }
`;
const RENAME = gql`
  mutation Rename($input: RenameInput!) {
    rename(input: $input)
  }
`;
const PAGE_QUERY = gql`
  query TaskPage($page: Int!) {
    page(page: $page)
  }
`;

/** A client whose last link answers each operation with the result of `answer`. */
function clientWith(link: ApolloLink, answer: (operation: ApolloLink.Operation) => Promise<ApolloLink.Result>) {
  const lastLink = new ApolloLink(
    (operation) =>
      new Observable((subscriber) => {
        answer(operation).then(
          (result) => {
            subscriber.next(result);
            subscriber.complete();
          },
          (error: unknown) => subscriber.error(error),
        );
      }),
  );
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([link, lastLink]),
    defaultOptions: { query: { fetchPolicy: 'network-only' } },
  });
}

describe('versionGuardLink', () => {
  const respondWith = (version: number, title: string) =>
    clientWith(versionGuardLink, () =>
      Promise.resolve({ data: { task: { __typename: 'Task', id: 'guarded', title, version } } }),
    );

  test('a response without a newer known version passes', async () => {
    const { data } = await respondWith(1, 'First').query({ query: TASK_QUERY });
    expect(data?.task).toMatchObject({ title: 'First', version: 1 });
  });

  test('an older response gets the newer version', async () => {
    rememberVersion(task({ id: 'guarded', title: 'Third', version: 3 }));
    rememberVersion(task({ id: 'guarded', title: 'Second', version: 2 }));
    const { data } = await respondWith(1, 'First').query({ query: TASK_QUERY });
    expect(data?.task).toEqual({ __typename: 'Task', id: 'guarded', title: 'Third', version: 3 });
  });

  test('a newer response passes', async () => {
    const { data } = await respondWith(4, 'Fourth').query({ query: TASK_QUERY });
    expect(data?.task).toMatchObject({ title: 'Fourth', version: 4 });
  });
});

describe('serialMutationLink', () => {
  const rename = (client: ApolloClient, id: string, title: string) =>
    client.mutate({ mutation: RENAME, variables: { input: { tasks: [{ id, title }] } } });

  test('a mutation is sent when the one before of its task has ended', async () => {
    const log: string[] = [];
    const client = clientWith(serialMutationLink, async ({ variables }) => {
      const [{ title }] = (variables['input'] as { tasks: [{ title: string }] }).tasks;
      log.push(`send ${title}`);
      await new Promise((resolve) => setTimeout(resolve, title === 'one' ? 20 : 0));
      log.push(`answer ${title}`);
      if (title === 'one') throw new Error('refused');
      return { data: { rename: title } };
    });
    const first = rename(client, 'a', 'one').catch(() => log.push('failed one'));
    const second = rename(client, 'a', 'two');
    const third = rename(client, 'a', 'three');
    await Promise.all([first, second, third]);
    expect(log.filter((entry) => !entry.startsWith('failed'))).toEqual([
      ...['send one', 'answer one', 'send two', 'answer two', 'send three', 'answer three'],
    ]);
    expect(log).toContain('failed one');
  });

  test('a mutation of several tasks waits for all of them, and not for others', async () => {
    const unanswered = new Map<string, () => void>();
    const client = clientWith(serialMutationLink, async ({ variables }) => {
      const ids = (variables['input'] as { tasks: { id: string }[] }).tasks.map(({ id }) => id).join(' ');
      await new Promise<void>((resolve) => unanswered.set(ids, resolve));
      return { data: { rename: ids } };
    });
    const sent = async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return [...unanswered.keys()];
    };
    const mutate = (...ids: string[]) =>
      client.mutate({ mutation: RENAME, variables: { input: { tasks: ids.map((id) => ({ id })) } } });
    const changes = [mutate('a'), mutate('b'), mutate('a', 'b'), mutate('c')];
    expect(await sent()).toEqual(['a', 'b', 'c']);
    unanswered.get('a')?.();
    expect(await sent()).toEqual(['a', 'b', 'c']);
    unanswered.get('b')?.();
    expect(await sent()).toEqual(['a', 'b', 'c', 'a b']);
    for (const answer of unanswered.values()) answer();
    await Promise.all(changes);
  });

  test('queries do not wait for mutations', async () => {
    let finish = () => {};
    const blocked = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const client = clientWith(serialMutationLink, async ({ operationName }) => {
      if (operationName === 'Rename') await blocked;
      return { data: operationName === 'Rename' ? { rename: 'one' } : { page: 1 } };
    });
    const mutation = rename(client, 'a', 'one');
    await client.query({ query: PAGE_QUERY, variables: { page: 1 } });
    finish();
    await mutation;
  });
});

describe('requestMetricsLink', () => {
  const cache = { hits: 90, misses: 10, sqlQueries: 1, redisRoundTrips: 2, degraded: false, serverMs: 2 };
  const client = clientWith(requestMetricsLink, ({ getContext }) => {
    expect(getContext()['headers']).toEqual({ 'X-Millitask-Trace': '1' });
    return Promise.resolve({ data: { page: 1 }, extensions: { cache, cost: { requested: 7 }, degraded: true } });
  });

  test('the first and the latest fetch of a window are recorded', async () => {
    const key = metricsKey({ page: 1 });
    await client.query({ query: PAGE_QUERY, variables: { page: 1 } });
    expect(windowMetrics.get().get(key)).toMatchObject({ first: { cache, cost: 7 }, latest: undefined });
    await client.query({ query: PAGE_QUERY, variables: { page: 1 } });
    expect(windowMetrics.get().get(key)?.latest).toMatchObject({ cache, cost: 7 });
  });

  test('a response reports the degraded mode', () => {
    expect(connection.get()).toMatchObject({ reachable: true, degraded: true });
  });

  test('the metrics of the latest 100 windows are kept', async () => {
    for (let page = 1; page <= 101; page += 1) await client.query({ query: PAGE_QUERY, variables: { page } });
    expect(windowMetrics.get().size).toBe(100);
    expect(windowMetrics.get().has(metricsKey({ page: 1 }))).toBe(false);
  });
});

describe('reachabilityLink', () => {
  beforeEach(() => updateConnection({ reachable: true }));
  const failWith = (error: Error) =>
    clientWith(reachabilityLink, () => Promise.reject(error))
      .query({ query: PAGE_QUERY, variables: { page: 1 } })
      .catch(() => undefined);

  test('a failed connection marks the service as unreachable', async () => {
    await failWith(new TypeError('Failed to fetch'));
    expect(connection.get().reachable).toBe(false);
  });

  test('a request that the page aborted does not', async () => {
    await failWith(new DOMException('Aborted', 'AbortError'));
    expect(connection.get().reachable).toBe(true);
  });
});
