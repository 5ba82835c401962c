import { ApolloLink, ServerError, ServerParseError } from '@apollo/client';
import { catchError, throwError, timeout, TimeoutError } from 'rxjs';
import { updateConnection } from './connection';
import { UnreachableError } from './unreachableError';

/** The service's own limit is 10 s by default. Without a limit here, a lost request would block later changes of its task. */
export const RESPONSE_TIMEOUT_MS = 15_000;

/**
 * Limits the time that a request takes, and marks the service as unreachable when a connection fails.
 *
 * A request that fails without an HTTP response, and was not aborted by the page, ends with an `UnreachableError`. A
 * request that takes too long is aborted. It says nothing about others, so the health check decides about the service.
 */
export const reachabilityLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    timeout({ first: RESPONSE_TIMEOUT_MS }),
    catchError((error: unknown) => {
      const aborted = error instanceof DOMException && error.name === 'AbortError';
      if (ServerError.is(error) || ServerParseError.is(error) || aborted) return throwError(() => error);
      if (!(error instanceof TimeoutError)) updateConnection({ reachable: false });
      return throwError(() => new UnreachableError(error));
    }),
  ),
);
