import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useMemo, useState } from 'react';
import { useFacets } from '@/features/facets/useFacets';

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

/**
 * Return the labels or the assignees that tasks have, the most frequent first. The service counts them.
 *
 * Until it has answered, and if it does not count them, they are those of the tasks that the page has loaded.
 */
export function useKnownValues(field: keyof KnownValues): readonly string[] {
  const client = useApolloClient();
  const [loaded] = useState(() => readKnownValues(client)[field]);
  const { facets } = useFacets({ by: field === 'labels' ? 'LABEL' : 'ASSIGNEE', where: null });
  return useMemo(() => [...new Set([...(facets ?? []).map(({ value }) => value), ...loaded])], [facets, loaded]);
}

/** Return the labels and assignees of the tasks that the page has loaded. */
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
