/** The windows on screen together: what their first fetch cost, and what their latest did. */
import type { CacheCost, Measure, Measures } from '@/apollo/requestMetricsLink';

export interface Sum {
  first: Measure | undefined;
  latest: Measure | undefined;
  /** Only once every window was fetched again. */
  again: Measure | undefined;
}

export function sum(keys: string[], all: ReadonlyMap<string, Measures>): Sum {
  const known = keys.flatMap((key) => all.get(key) ?? []);
  const again = known.flatMap(({ last }) => last ?? []);
  return {
    first: add(known.map(({ first }) => first)),
    latest: add(known.map(({ first, last }) => last ?? first)),
    again: again.length === known.length ? add(again) : undefined,
  };
}

function add(parts: Measure[]): Measure | undefined {
  if (parts.length === 0) return undefined;
  return parts.reduce((a, b) => ({
    cache: a.cache && b.cache ? addCosts(a.cache, b.cache) : undefined,
    cost: a.cost === undefined || b.cost === undefined ? undefined : a.cost + b.cost,
    clientMs: Math.max(a.clientMs, b.clientMs),
  }));
}

function addCosts(a: CacheCost, b: CacheCost): CacheCost {
  return {
    hits: a.hits + b.hits,
    misses: a.misses + b.misses,
    sqlQueries: a.sqlQueries + b.sqlQueries,
    redisRoundTrips: a.redisRoundTrips + b.redisRoundTrips,
    degraded: a.degraded || b.degraded,
    serverMs: a.serverMs + b.serverMs,
  };
}
