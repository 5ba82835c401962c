/** What the service says when it refuses an operation before it runs. */
import { CombinedGraphQLErrors } from '@apollo/client';

export interface Refusal {
  code?: string;
  /** The scope that the token lacks. */
  scope?: string;
  retryAfterSeconds?: number;
  retryAfterMs?: number;
}

/** Return the code and the details of the first error of a response. */
export function refusalOf(errors: readonly { extensions?: Record<string, unknown> }[] | undefined): Refusal {
  return errors?.[0]?.extensions ?? {};
}

/** Return the code and the details of a failed request, which are empty if the service has not answered. */
export function refusalOfError(error: unknown): Refusal {
  return CombinedGraphQLErrors.is(error) ? refusalOf(error.errors) : {};
}

/** Return after how many milliseconds the service accepts the operation again. */
export function retryAfterMs(refusal: Refusal, defaultMs = 1_000): number {
  const { retryAfterMs: ms, retryAfterSeconds: seconds } = refusal;
  return ms ?? (seconds === undefined ? defaultMs : seconds * 1_000);
}

/** Whether the person lacks the permission, so that sending the request again does not help. */
export function isForbidden(error: unknown): boolean {
  return refusalOfError(error).code === 'FORBIDDEN';
}
