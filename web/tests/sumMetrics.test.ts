import { expect, test } from 'vitest';
import type { RequestMetrics } from '@/apollo/requestMetricsLink';
import { sumMetrics } from '@/features/request-metrics/sumMetrics';

const metrics = (hits: number, clientMs = 5): RequestMetrics => ({
  cache: { hits, misses: 100 - hits, sqlQueries: 1, redisRoundTrips: 2, degraded: false, serverMs: 1.5 },
  cost: 10,
  clientMs,
});

test('nothing is known before a window is loaded', () => {
  expect(sumMetrics(['a'], new Map()).first).toBeUndefined();
});

test('the windows on screen are added, and their response time is the longest', () => {
  const windows = new Map([
    ['a', { first: metrics(40, 5), latest: undefined }],
    ['b', { first: metrics(60, 9), latest: undefined }],
    ['off screen', { first: metrics(1), latest: undefined }],
  ]);
  expect(sumMetrics(['a', 'b'], windows).first).toEqual({
    cache: { hits: 100, misses: 100, sqlQueries: 2, redisRoundTrips: 4, degraded: false, serverMs: 3 },
    cost: 20,
    clientMs: 9,
  });
});

test('a refetch is shown once every window was fetched again', () => {
  const windows = new Map([
    ['a', { first: metrics(0), latest: metrics(100) }],
    ['b', { first: metrics(0), latest: undefined as RequestMetrics | undefined }],
  ]);
  expect(sumMetrics(['a', 'b'], windows).refetch).toBeUndefined();
  expect(sumMetrics(['a', 'b'], windows).latest?.cache?.hits).toBe(100);
  windows.set('b', { first: metrics(0), latest: metrics(100) });
  expect(sumMetrics(['a', 'b'], windows).refetch?.cache?.hits).toBe(200);
});

test('a sum without the metrics of one window has none', () => {
  const windows = new Map([
    ['a', { first: metrics(1), latest: undefined }],
    ['b', { first: { cache: undefined, cost: undefined, clientMs: 1 }, latest: undefined }],
  ]);
  expect(sumMetrics(['a', 'b'], windows).first).toEqual({ cache: undefined, cost: undefined, clientMs: 5 });
});
