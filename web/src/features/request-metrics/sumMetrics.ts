import type { CacheMetrics, RequestMetrics, WindowMetrics } from '@/apollo/requestMetricsLink';

export interface MetricsSum {
  first: RequestMetrics | undefined;
  latest: RequestMetrics | undefined;
  /** Undefined until every window has been fetched a second time. */
  refetch: RequestMetrics | undefined;
}

/** Add up the metrics of the windows on screen. Windows are fetched concurrently, so `clientMs` is their maximum. */
export function sumMetrics(keys: string[], windows: ReadonlyMap<string, WindowMetrics>): MetricsSum {
  const known = keys.flatMap((key) => windows.get(key) ?? []);
  const refetches = known.flatMap(({ latest }) => latest ?? []);
  return {
    first: addRequests(known.map(({ first }) => first)),
    latest: addRequests(known.map(({ first, latest }) => latest ?? first)),
    refetch: refetches.length === known.length ? addRequests(refetches) : undefined,
  };
}

function addRequests(requests: RequestMetrics[]): RequestMetrics | undefined {
  if (requests.length === 0) return undefined;
  return requests.reduce((a, b) => ({
    cache: a.cache && b.cache ? addCacheMetrics(a.cache, b.cache) : undefined,
    cost: a.cost === undefined || b.cost === undefined ? undefined : a.cost + b.cost,
    clientMs: Math.max(a.clientMs, b.clientMs),
  }));
}

function addCacheMetrics(a: CacheMetrics, b: CacheMetrics): CacheMetrics {
  return {
    hits: a.hits + b.hits,
    misses: a.misses + b.misses,
    sqlQueries: a.sqlQueries + b.sqlQueries,
    redisRoundTrips: a.redisRoundTrips + b.redisRoundTrips,
    degraded: a.degraded || b.degraded,
    serverMs: a.serverMs + b.serverMs,
  };
}
