/** Sends queries again that the service refused because of too many requests, after the time that it asks for. */
import { ApolloLink } from '@apollo/client';
import { OperationTypeNode } from 'graphql';
import { finalize, of, switchMap, timer } from 'rxjs';
import { createStore } from '@/ui/store';
import { refusalOf, retryAfterMs } from './refusal';

const MAX_ATTEMPTS = 5;
const MAX_WAIT_MS = 60_000;

/** The number of queries that wait until the service accepts requests again. */
export const limitedQueries = createStore(0);

/** Return how long to wait, with up to 25% more, so that the queries do not come all at once. */
export function waitMs(askedMs: number, random = Math.random()): number {
  return Math.min(askedMs, MAX_WAIT_MS) * (1 + random / 4);
}

/** Changes are not sent again here: the person decides, or for text the outbox. */
export const rateLimitLink = new ApolloLink((operation, forward) => {
  if (operation.operationType !== OperationTypeNode.QUERY) return forward(operation);
  const send = (attempt: number): ReturnType<typeof forward> =>
    forward(operation).pipe(
      switchMap((result) => {
        const refusal = refusalOf(result.errors);
        if (refusal.code !== 'RATE_LIMITED' || attempt >= MAX_ATTEMPTS) return of(result);
        limitedQueries.set((count) => count + 1);
        const wait = timer(waitMs(retryAfterMs(refusal))).pipe(
          finalize(() => limitedQueries.set((count) => count - 1)),
        );
        return wait.pipe(switchMap(() => send(attempt + 1)));
      }),
    );
  return send(1);
});
