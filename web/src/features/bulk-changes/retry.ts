/** Decides whether a request of a bulk change is sent again, and when. */
import { CombinedGraphQLErrors, ServerError, ServerParseError } from '@apollo/client';
import { refusalOfError, retryAfterMs } from '@/apollo/refusal';
import { UnreachableError } from '@/apollo/unreachableError';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
const MAX_ATTEMPTS = 12;
/** Codes that end in BUSY may be retried too. */
const RETRYABLE_CODES = new Set(['UNAVAILABLE', 'REQUEST_TIMEOUT', 'OUTCOME_UNKNOWN', 'RATE_LIMITED']);

/** Return how long to wait before the attempt that follows the `failures`-th failure, or undefined to give up. */
export function retryDelayMs(error: unknown, failures: number, random = Math.random()): number | undefined {
  if (failures >= MAX_ATTEMPTS) return undefined;
  const backoffMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS) * (0.5 + random / 2);
  if (error instanceof UnreachableError || ServerError.is(error) || ServerParseError.is(error)) return backoffMs;
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  const refusal = refusalOfError(error);
  const { code = '' } = refusal;
  if (!code.endsWith('BUSY') && !RETRYABLE_CODES.has(code)) return undefined;
  return Math.max(backoffMs, retryAfterMs(refusal, 0));
}
