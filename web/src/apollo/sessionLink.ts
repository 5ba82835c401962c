/**
 * Sends requests with the session of this browser, and lets them wait while nobody is signed in.
 *
 * A request that the service refuses because the session has ended was not executed. It is sent again after the same
 * person has signed in. Another person gets a fresh page, so nobody sends the requests of someone else.
 */
import { ApolloLink } from '@apollo/client';
import { defer, from, of, switchMap } from 'rxjs';
import { refusalOf } from './refusal';
import { checkSession, csrfHeaders, session, sessionReady } from './session';

const MAX_ATTEMPTS = 3;
/** No session, or a session other than the one that the page knows. */
const SESSION_CODES = new Set(['UNAUTHENTICATED', 'CSRF_TOKEN_INVALID']);

export const sessionLink = new ApolloLink((operation, forward) => {
  const send = (attempt: number): ReturnType<typeof forward> =>
    defer(() => from(sessionReady())).pipe(
      switchMap(() => {
        operation.setContext(({ headers }: { headers?: Record<string, string> }) => ({
          headers: { ...headers, ...csrfHeaders() },
        }));
        return forward(operation);
      }),
      switchMap((result) => {
        const { code = '' } = refusalOf(result.errors);
        if (!SESSION_CODES.has(code) || attempt >= MAX_ATTEMPTS) return of(result);
        return defer(() => from(checkSession())).pipe(
          switchMap(() => (session.get().status === 'open' ? of(result) : send(attempt + 1))),
        );
      }),
    );
  return send(1);
});
