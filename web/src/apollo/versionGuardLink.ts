/**
 * Keeps an older version of a task from replacing a newer one in the cache, and a task from coming back that is gone.
 *
 * A response that was in flight when a live update arrived contains the task as it was before the update. This link
 * replaces the task in the response with the newer version, so versions in the cache only increase. A task that is gone
 * since the request was sent is replaced with null where a query asks for this one task. Lists are fetched again anyway.
 */
import { ApolloLink } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { map } from 'rxjs';
import type { TaskFieldsFragment } from '@/gql';
import { setBounded } from './boundedMap';

const MAX_REMEMBERED_TASKS = 1_000;

const newestTasks = new Map<string, TaskFieldsFragment>();

/** How many live updates have removed a task, and the number of the one that removed a task. */
let removals = 0;
const removedAt = new Map<string, number>();

/** Record a task that a live update removed. */
export function rememberRemoval(id: string): void {
  setBounded(removedAt, id, (removals += 1), MAX_REMEMBERED_TASKS);
}

/** Record a version that a live update delivered. */
export function rememberVersion(task: TaskFieldsFragment): void {
  removedAt.delete(task.id);
  const known = newestTasks.get(task.id);
  if (known && known.version >= task.version) return;
  setBounded(newestTasks, task.id, task, MAX_REMEMBERED_TASKS);
}

export const versionGuardLink = new ApolloLink((operation, forward) => {
  const sentAt = removals;
  const isQuery = operation.operationType === OperationTypeNode.QUERY;
  return forward(operation).pipe(
    map((result) => {
      if (!('data' in result)) return result;
      const data = newestTasks.size > 0 ? replaceOlderTasks(result.data) : result.data;
      return { ...result, data: isQuery && removals > sentAt ? withoutRemovedTask(data, sentAt) : data };
    }),
  );
});

/** Replace the `task` of a query with null if a live update has removed it since the query was sent. */
function withoutRemovedTask<Data>(data: Data, sentAt: number): Data {
  const task = (data as { task?: { id?: string } | null } | null | undefined)?.task;
  return (removedAt.get(task?.id ?? '') ?? 0) > sentAt ? { ...data, task: null } : data;
}

function replaceOlderTasks<T>(value: T): T {
  if (Array.isArray(value)) return value.map(replaceOlderTasks) as T;
  if (value === null || typeof value !== 'object') return value;
  const record = value as Record<string, unknown>;
  const newest = record['__typename'] === 'Task' ? newestTasks.get(record['id'] as string) : undefined;
  if (newest && newest.version > (record['version'] as number)) {
    const fields = Object.keys(record).map((key) => [
      key,
      key in newest ? newest[key as keyof typeof newest] : record[key],
    ]);
    return Object.fromEntries(fields) as T;
  }
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, replaceOlderTasks(inner)])) as T;
}
