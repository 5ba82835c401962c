import type { ApolloClient } from '@apollo/client';

/** The values that tasks of this page have: most frequent first. */
export interface KnownValues {
  labels: string[];
  assignees: string[];
}

interface CachedValues {
  __typename?: string;
  labels?: readonly string[];
  assignee?: string | null;
}

/** Return the labels and assignees of the tasks that the page has loaded. The service has no list of them. */
export function readKnownValues(client: ApolloClient): KnownValues {
  const tasks = (Object.values(client.cache.extract() as object) as CachedValues[]).filter(
    ({ __typename }) => __typename === 'Task',
  );
  return {
    labels: byFrequency(tasks.flatMap(({ labels }) => labels ?? [])),
    assignees: byFrequency(tasks.flatMap(({ assignee }) => assignee ?? [])),
  };
}

export function byFrequency(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
