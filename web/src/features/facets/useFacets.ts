/** The values of a field that tasks have, each with the exact number of its tasks. */
import { skipToken, useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { firstAnswers } from '@/apollo/feedStart';
import { tasksChanged } from '@/features/tasks/listEvents';
import { type FacetDimension, FacetsDocument, type FacetsQuery, type TaskWhere } from '@/gql';
import { useStore } from '@/ui/store';
import { createThrottle } from '@/ui/throttle';
import { rememberUndeclared, shapeOf, undeclaredShapes } from './undeclaredShapes';

/** The largest number of values that the service returns. */
export const MAX_FACETS = 1_000;
const MIN_INTERVAL_MS = 2_000;
const MIN_DELAY_MS = 200;

export type Facet = FacetsQuery['facets'][number];

export interface FacetRequest {
  by: FacetDimension;
  /** The values of other fields. Null for all tasks. */
  where: TaskWhere | null;
}

/**
 * Return the values, the most frequent first, and follow the changes of tasks. Undefined before the answer.
 *
 * `undeclared`: the service does not count this combination. Null asks for nothing.
 */
export function useFacets(request: FacetRequest | null): { facets: readonly Facet[] | undefined; undeclared: boolean } {
  const ready = useFirstAnswers();
  const shape = request ? shapeOf(request.where, request.by) : '';
  const undeclared = useStore(undeclaredShapes).has(shape);
  const active = ready && request !== null && !undeclared;
  const variables = request && {
    ...request,
    first: MAX_FACETS,
    order: 'COUNT' as const,
  };
  const { data, error, refetch } = useQuery(
    FacetsDocument,
    active && variables ? { variables, fetchPolicy: 'no-cache', context: { startsFeed: false } } : skipToken,
  );
  useEffect(() => void rememberUndeclared(error, shape), [error, shape]);
  useEffect(() => {
    if (!active) return undefined;
    const throttle = createThrottle(() => refetch(), { delayMs: MIN_DELAY_MS, intervalMs: MIN_INTERVAL_MS });
    const unsubscribe = tasksChanged.subscribe(throttle.schedule);
    return () => {
      unsubscribe();
      throttle.cancel();
    };
  }, [active, refetch]);
  return { facets: active ? data?.facets : undefined, undeclared };
}

type Counted = Pick<Facet, 'value' | 'count'>;

/** Return the number of each value. One that the answer leaves out has no tasks, unless the answer is not complete. */
export function countsOf(facets: readonly Counted[] | undefined): (value: string) => number | undefined {
  const counts = new Map(facets?.map(({ value, count }) => [value, count]));
  const leftOut = facets && facets.length < MAX_FACETS ? 0 : undefined;
  return (value) => counts.get(value) ?? leftOut;
}

/** The list comes first. Numbers are read when its first answers are here. */
function useFirstAnswers(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => void firstAnswers().then(() => setReady(true)), []);
  return ready;
}
