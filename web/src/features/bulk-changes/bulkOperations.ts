/** The mutations of bulk changes. Each takes one batch, and says what became of its items. */
import type { ApolloClient } from '@apollo/client';
import { reasonOf } from '@/features/task-editing/mutationResults';
import { BulkDeleteDocument, BulkRestoreDocument, BulkUpdateDocument } from '@/gql/bulk';
import { t } from '@/ui/messages';
import { sortUpdateResults, updateInput, type UpdateItem, type UpdateOutcome } from './bulkItem';

export type BulkOperation = (client: ApolloClient, items: UpdateItem[], resent: boolean) => Promise<UpdateOutcome>;

interface Payload<Result> {
  userErrors: { message: string }[];
  results: Result[];
}

/** What a log of changes can be taken back with: the changes themselves with other values, or the opposite operation. */
export type OperationKind = 'update' | 'delete' | 'restore';

export const OPPOSITES: Record<OperationKind, OperationKind> = {
  update: 'update',
  delete: 'restore',
  restore: 'delete',
};

const updateOperation: BulkOperation = async (client, items, resent) => {
  const { data } = await client.mutate({
    mutation: BulkUpdateDocument,
    variables: { input: { tasks: items.map(updateInput) } },
    fetchPolicy: 'no-cache',
  });
  return sortUpdateResults(items, resultsOf(data?.updateTasks), resent);
};

const deleteOperation: BulkOperation = async (client, items, resent) => {
  const { data } = await client.mutate({
    mutation: BulkDeleteDocument,
    variables: { input: { tasks: items.map(({ id, version }) => ({ id, expectedVersion: version })) } },
    fetchPolicy: 'no-cache',
  });
  return sortResults(items, resultsOf(data?.deleteTasks), ({ deletedTaskId, userErrors }) =>
    // The first of two requests without an answer may have deleted the task.
    deletedTaskId !== null || (resent && userErrors[0]?.code === 'NOT_FOUND')
      ? undefined
      : userErrors[0] && reasonOf(userErrors[0]),
  );
};

const restoreOperation: BulkOperation = async (client, items) => {
  const { data } = await client.mutate({
    mutation: BulkRestoreDocument,
    variables: { input: { tasks: items.map(({ id }) => ({ id })) } },
    fetchPolicy: 'no-cache',
  });
  const results = resultsOf(data?.restoreTasks);
  const outcome = sortResults(items, results, ({ userErrors }) => userErrors[0]?.message);
  const versions = new Map(results.map(({ task }) => [task?.id, task?.savedVersion]));
  const changed = outcome.changed.map((item) => ({ ...item, version: versions.get(item.id) ?? item.version }));
  return { ...outcome, changed };
};

function sortResults<Result>(
  items: UpdateItem[],
  results: Result[],
  failureOf: (result: Result) => string | undefined,
): UpdateOutcome {
  const outcome: UpdateOutcome = { changed: [], retry: [], failures: [] };
  items.forEach((item, i) => {
    const result = results[i];
    const failure = result ? failureOf(result) : t('bulk.noTaskResult');
    if (failure === undefined) outcome.changed.push(item);
    else outcome.failures.push(failure);
  });
  return outcome;
}

function resultsOf<Result>(payload: Payload<Result> | undefined): Result[] {
  const problem = payload ? payload.userErrors[0]?.message : t('bulk.noResult');
  if (problem !== undefined) throw new Error(problem);
  return payload?.results ?? [];
}

export const OPERATIONS: Record<OperationKind, BulkOperation> = {
  update: updateOperation,
  delete: deleteOperation,
  restore: restoreOperation,
};
