/**
 * Keeps an older version of a task from replacing a newer one in the cache.
 *
 * A response that was in flight when a live update arrived contains the task as it was before the update. This link
 * replaces the task in the response with the newer version, so versions in the cache only increase.
 */
import { ApolloLink } from '@apollo/client';
import { map } from 'rxjs';
import type { TaskFieldsFragment } from '@/gql';
import { setBounded } from './boundedMap';

const MAX_REMEMBERED_TASKS = 1_000;

const newestTasks = new Map<string, TaskFieldsFragment>();

/** Record a version that a live update delivered. */
export function rememberVersion(task: TaskFieldsFragment): void {
  const known = newestTasks.get(task.id);
  if (known && known.version >= task.version) return;
  setBounded(newestTasks, task.id, task, MAX_REMEMBERED_TASKS);
}

export const versionGuardLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) =>
      newestTasks.size > 0 && 'data' in result ? { ...result, data: replaceOlderTasks(result.data) } : result,
    ),
  ),
);

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
