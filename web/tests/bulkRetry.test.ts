import { CombinedGraphQLErrors } from '@apollo/client';
import { expect, test } from 'vitest';
import { UnreachableError } from '@/apollo/unreachableError';
import { retryDelayMs } from '@/features/bulk-changes/retry';

function graphqlError(code: string, retryAfterSeconds?: number): Error {
  return new CombinedGraphQLErrors({ errors: [{ message: code, extensions: { code, retryAfterSeconds } }] });
}

test('the delay doubles up to 15 seconds', () => {
  const error = new UnreachableError(undefined);
  expect([1, 2, 3, 6, 11].map((failures) => retryDelayMs(error, failures, 1))).toEqual([
    500, 1_000, 2_000, 15_000, 15_000,
  ]);
});

test('the delay is spread, so that several pages do not retry at once', () => {
  expect(retryDelayMs(new UnreachableError(undefined), 1, 0)).toBe(250);
});

test.each(['BUSY', 'WRITES_BUSY', 'DATABASE_BUSY', 'UNAVAILABLE', 'REQUEST_TIMEOUT', 'OUTCOME_UNKNOWN'])(
  'a request that failed with %s is sent again',
  (code) => {
    expect(retryDelayMs(graphqlError(code), 1, 1)).toBe(500);
  },
);

test('the service may ask for a longer delay', () => {
  expect(retryDelayMs(graphqlError('WRITES_BUSY', 3), 1, 1)).toBe(3_000);
});

test('other errors are final, and so is the twelfth failure', () => {
  expect(retryDelayMs(graphqlError('COST_LIMIT_EXCEEDED'), 1)).toBeUndefined();
  expect(retryDelayMs(new TypeError('a fault of the page'), 1)).toBeUndefined();
  expect(retryDelayMs(new UnreachableError(undefined), 12)).toBeUndefined();
});
