import { ApolloLink, ServerError, ServerParseError } from '@apollo/client';
import { tap } from 'rxjs';
import { updateConnection } from './connection';

/** Marks the service as unreachable when a request fails without an HTTP response and was not aborted by the page. */
export const reachabilityLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap({
      error: (error: unknown) => {
        const aborted = error instanceof DOMException && error.name === 'AbortError';
        if (!ServerError.is(error) && !ServerParseError.is(error) && !aborted) updateConnection({ reachable: false });
      },
    }),
  ),
);
