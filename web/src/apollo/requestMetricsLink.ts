/** Records the cost of each window of the list, for its first fetch (usually with a cold cache) and its latest. */
import { ApolloLink } from '@apollo/client';
import { tap } from 'rxjs';
import { createStore } from '@/ui/store';
import { setBounded } from './boundedMap';
import { updateConnection } from './connection';

/** `extensions.cache` of a response. The service sends this extension if MILLITASK_TRACE allows it. */
export interface CacheMetrics {
  hits: number;
  misses: number;
  sqlQueries: number;
  redisRoundTrips: number;
  degraded: boolean;
  serverMs: number;
}

export interface RequestMetrics {
  cache: CacheMetrics | undefined;
  /** The estimated cost of the operation, in the service's cost units. */
  cost: number | undefined;
  /** Time from sending the request until its response was parsed. */
  clientMs: number;
}

export interface WindowMetrics {
  first: RequestMetrics;
  latest: RequestMetrics | undefined;
}

const MAX_WINDOWS = 100;
const WINDOW_OPERATIONS = new Set(['TaskPage', 'SearchTasks', 'FilterTasks']);

export const windowMetrics = createStore<ReadonlyMap<string, WindowMetrics>>(new Map());

/** Return the key of a window in `windowMetrics`. */
export function metricsKey(variables: unknown): string {
  return JSON.stringify(variables);
}

interface Extensions {
  cache?: CacheMetrics;
  cost?: { requested: number };
  degraded?: boolean;
}

export const requestMetricsLink = new ApolloLink((operation, forward) => {
  const startedAt = performance.now();
  operation.setContext(({ headers }: { headers?: Record<string, string> }) => ({
    headers: { ...headers, 'X-Millitask-Trace': '1' },
  }));
  return forward(operation).pipe(
    tap((result) => {
      const { cache, cost, degraded } = (result.extensions ?? {}) as Extensions;
      updateConnection({ reachable: true, degraded: degraded ?? cache?.degraded ?? false });
      if (!WINDOW_OPERATIONS.has(operation.operationName ?? '')) return;
      const clientMs = performance.now() - startedAt;
      recordMetrics(metricsKey(operation.variables), { cache, cost: cost?.requested, clientMs });
    }),
  );
});

function recordMetrics(key: string, metrics: RequestMetrics): void {
  windowMetrics.set((current) => {
    const next = new Map(current);
    const known = next.get(key);
    const recorded = known ? { first: known.first, latest: metrics } : { first: metrics, latest: undefined };
    setBounded(next, key, recorded, MAX_WINDOWS);
    return next;
  });
}
