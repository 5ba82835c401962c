/**
 * No answer may put an older version over a newer one.
 *
 * An answer that was on its way while a live change arrived holds the task as it was before. This link replaces
 * such a task by the one we heard of, so the cache only ever goes forward.
 */
import { ApolloLink } from '@apollo/client';
import { map } from 'rxjs';
import type { TaskFieldsFragment } from '@/gql';

const REMEMBERED = 1_000;
const heard = new Map<string, TaskFieldsFragment>();

export function remember(task: TaskFieldsFragment): void {
  const known = heard.get(task.id);
  if (known && known.version >= task.version) return;
  heard.delete(task.id);
  heard.set(task.id, task);
  if (heard.size > REMEMBERED) {
    const [oldest] = heard.keys();
    if (oldest !== undefined) heard.delete(oldest);
  }
}

export const newerLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) => (heard.size > 0 && 'data' in result ? { ...result, data: renew(result.data) } : result)),
  ),
);

function renew<T>(value: T): T {
  if (Array.isArray(value)) return value.map(renew) as T;
  if (value === null || typeof value !== 'object') return value;
  const record = value as Record<string, unknown>;
  const known = record['__typename'] === 'Task' ? heard.get(record['id'] as string) : undefined;
  if (known && known.version > (record['version'] as number)) {
    const fields = Object.keys(record).map((key) => [
      key,
      key in known ? known[key as keyof typeof known] : record[key],
    ]);
    return Object.fromEntries(fields) as T;
  }
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, renew(inner)])) as T;
}
