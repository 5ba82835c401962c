/** Reads the tasks of a set from the service, in batches of the size of one mutation. */
import type { ApolloClient } from '@apollo/client';
import type { BulkTaskFragment, TaskOrder } from '@/gql';
import {
  BulkFilterPageDocument,
  BulkSearchPageDocument,
  BulkTasksByIdDocument,
  type BulkTasksByIdQueryVariables,
  BulkViewPageDocument,
} from '@/gql/bulk';
import { parseQuery } from '@/features/search/searchQuery';
import type { RetryingRequest } from './retryingRequest';
import { comparePositions, positionOf, type TaskQuery, type TaskRange, type TaskSet } from './taskSet';

/** The largest number of tasks that one mutation accepts. */
const BATCH_SIZE = 1_000;
const PAGE_SIZE = 100;

/** The title is read only if it is asked for. */
export type ReadTask = BulkTaskFragment & { title?: string };

interface ReadOptions {
  order: TaskOrder;
  titles?: boolean;
}

/** Yield the tasks of the set once each. A task that enters the list while it is read may be left out. */
export async function* readTaskSet(
  client: ApolloClient,
  request: RetryingRequest,
  { range, excluded, included }: TaskSet,
): AsyncGenerator<BulkTaskFragment[]> {
  if (range) {
    let batch: BulkTaskFragment[] = [];
    for await (const tasks of readPages(client, request, range, { order: changeOrder(range) })) {
      batch.push(...tasks.filter(({ id }) => !excluded.has(id)));
      if (batch.length < BATCH_SIZE) continue;
      yield batch.slice(0, BATCH_SIZE);
      batch = batch.slice(BATCH_SIZE);
    }
    if (batch.length > 0) yield batch;
  }
  const ids = [...included];
  for (let first = 0; first < ids.length; first += BATCH_SIZE) {
    yield await readTasksById(client, request, ids.slice(first, first + BATCH_SIZE));
  }
}

/** Return the order in which a range is changed. The newest tasks come first, so that tasks created later are not reached. */
function changeOrder({ query, bounds }: TaskRange): TaskOrder {
  return !bounds && query.order === 'OLDEST' ? 'NEWEST' : query.order;
}

/**
 * Yield the pages of a range.
 *
 * Each page begins after the cursor of the previous one. A cursor stays valid when its task leaves the list, so a change
 * that moves tasks out of the list skips none.
 */
export async function* readPages(
  client: ApolloClient,
  request: RetryingRequest,
  { query, bounds }: TaskRange,
  { order, titles = false }: ReadOptions,
): AsyncGenerator<ReadTask[]> {
  let after = bounds?.after ?? null;
  for (;;) {
    const page = await request(() => readPage(client, { ...query, order }, after, titles));
    if (!page) return;
    const inRange = page.nodes.filter(
      (task) => !bounds || comparePositions(positionOf(task, query), bounds.last, query) <= 0,
    );
    yield inRange;
    if (inRange.length < page.nodes.length || !page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor;
  }
}

async function readPage(
  client: ApolloClient,
  { q, where, filter, status, order }: TaskQuery,
  after: string | null,
  titles: boolean,
) {
  const part = { first: PAGE_SIZE, after, titles };
  const fetchPolicy = 'no-cache';
  if (q) {
    const variables = { query: parseQuery(q).text, status, ...part };
    return (await client.query({ query: BulkSearchPageDocument, variables, fetchPolicy })).data?.page;
  }
  if (filter) {
    const variables = { filter, ...part };
    return (await client.query({ query: BulkFilterPageDocument, variables, fetchPolicy })).data?.page;
  }
  const variables = { status: where ? null : status, where, order, ...part };
  return (await client.query({ query: BulkViewPageDocument, variables, fetchPolicy })).data?.page;
}

async function readTasksById(
  client: ApolloClient,
  request: RetryingRequest,
  ids: string[],
): Promise<BulkTaskFragment[]> {
  const pages = Array.from({ length: BATCH_SIZE / PAGE_SIZE }, (_, i) => [
    `ids${i}`,
    ids.slice(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
  ]);
  const variables = Object.fromEntries(pages) as BulkTasksByIdQueryVariables;
  const data = await request(async () => {
    const result = await client.query({ query: BulkTasksByIdDocument, variables, fetchPolicy: 'no-cache' });
    return result.data;
  });
  return Object.values(data ?? {})
    .flat()
    .filter((task): task is BulkTaskFragment => task !== null && typeof task === 'object');
}

/** Read the next batch while the consumer works on the current one. */
export async function* readAhead<T>(source: AsyncIterator<T>): AsyncGenerator<T> {
  let next = source.next();
  for (;;) {
    const result = await next;
    if (result.done) return;
    next = source.next();
    // The consumer may stop without asking for it.
    next.catch(() => undefined);
    yield result.value;
  }
}
