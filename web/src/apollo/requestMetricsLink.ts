/** What each window cost the service: its first fetch (cold, as a rule) and its latest (warm), from `extensions`. */
import { ApolloLink } from '@apollo/client';
import { tap } from 'rxjs';
import { patchConnection } from './connection';
import { createStore } from '@/ui/store';

/** `extensions.cache` of an answer, when the service tells it. */
export interface CacheCost {
  hits: number;
  misses: number;
  sqlQueries: number;
  redisRoundTrips: number;
  degraded: boolean;
  serverMs: number;
}

export interface Measure {
  cache: CacheCost | undefined;
  cost: number | undefined;
  clientMs: number;
}

export interface Measures {
  first: Measure;
  last: Measure | undefined;
}

const KEPT = 100;

export const measures = createStore<ReadonlyMap<string, Measures>>(new Map());

export function measureKey(variables: unknown): string {
  return JSON.stringify(variables);
}

interface Extensions {
  cache?: CacheCost;
  cost?: { requested: number };
  degraded?: boolean;
}

export const insightLink = new ApolloLink((operation, forward) => {
  const began = performance.now();
  operation.setContext(({ headers }: { headers?: Record<string, string> }) => ({
    headers: { ...headers, 'X-Millitask-Trace': '1' },
  }));
  return forward(operation).pipe(
    tap((result) => {
      const extensions = (result.extensions ?? {}) as Extensions;
      patchConnection({ reachable: true, degraded: extensions.degraded ?? extensions.cache?.degraded ?? false });
      if (operation.operationName !== 'TaskPage' && operation.operationName !== 'SearchTasks') return;
      const clientMs = performance.now() - began;
      record(measureKey(operation.variables), { cache: extensions.cache, cost: extensions.cost?.requested, clientMs });
    }),
  );
});

function record(key: string, measure: Measure): void {
  measures.set((now) => {
    const next = new Map(now);
    const known = next.get(key);
    next.delete(key);
    next.set(key, known ? { first: known.first, last: measure } : { first: measure, last: undefined });
    if (next.size > KEPT) {
      const [oldest] = next.keys();
      if (oldest !== undefined) next.delete(oldest);
    }
    return next;
  });
}
