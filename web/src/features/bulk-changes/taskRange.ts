import type { ApolloClient } from '@apollo/client';
import { RangeEndsDocument } from '@/gql';
import { positionOf, type TaskQuery, type TaskRange } from './taskSet';

/** Return the tasks from one row of a list to another, both included, or undefined if the rows do not exist. */
export async function fetchTaskRange(
  client: ApolloClient,
  query: TaskQuery,
  firstRow: number,
  lastRow: number,
): Promise<TaskRange | undefined> {
  const { data } = await client.query({
    query: RangeEndsDocument,
    variables: {
      status: query.where ? null : query.status,
      where: query.where,
      order: query.order,
      before: Math.max(firstRow, 1),
      first: firstRow + 1,
      last: lastRow + 1,
    },
    fetchPolicy: 'no-cache',
  });
  const [first] = data?.first.nodes ?? [];
  const [last] = data?.last.nodes ?? [];
  if (!data || !first || !last) return undefined;
  const bounds = {
    after: firstRow === 0 ? null : data.before.pageInfo.endCursor,
    first: positionOf(first, query),
    last: positionOf(last, query),
    count: lastRow - firstRow + 1,
  };
  return { query, bounds };
}
