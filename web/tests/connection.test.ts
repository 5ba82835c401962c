import { expect, test } from 'vitest';
import { connection, connectionStatus, updateConnection } from '@/apollo/connection';
import { retryDelayMs } from '@/apollo/webSocketClient';

test.each([
  [{ socket: 'connecting', reachable: true }, 'connecting'],
  [{ socket: 'open', reachable: true }, 'connected'],
  [{ socket: 'lost', reachable: true }, 'reconnecting'],
  [{ socket: 'open', reachable: false }, 'offline'],
] as const)('%o is shown as %s', (state, status) => {
  expect(connectionStatus({ ...state, degraded: false })).toBe(status);
});

test('subscribers are called only when a field changes', () => {
  let calls = 0;
  const unsubscribe = connection.subscribe(() => (calls += 1));
  updateConnection({ degraded: true });
  updateConnection({ degraded: true });
  unsubscribe();
  updateConnection({ degraded: false });
  expect(calls).toBe(1);
});

test('retries back off from 200 ms to 3 s, with 25% jitter', () => {
  expect([retryDelayMs(0, 0), retryDelayMs(0, 1)]).toEqual([150, 250]);
  expect([retryDelayMs(20, 0), retryDelayMs(20, 1)]).toEqual([2_250, 3_750]);
});
