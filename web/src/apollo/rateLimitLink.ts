/**
 * Sends requests again that the service refused because of too many requests, after the time that it asks for.
 *
 * Such a request was not executed, so a change is sent again too. Its text is stored in the browser until then.
 */
import { ApolloLink } from '@apollo/client';
import { finalize, of, switchMap, timer } from 'rxjs';
import { createStore } from '@/ui/store';
import { refusalOf, retryAfterMs } from './refusal';

const MAX_ATTEMPTS = 5;
const MAX_WAIT_MS = 60_000;

/** When each request that waits is sent again, in milliseconds since 1970. */
export const limitedUntil = createStore<readonly number[]>([]);

/** Return how long to wait, with up to 25% more, so that the requests do not come all at once. */
export function waitMs(askedMs: number, random = Math.random()): number {
  return Math.min(askedMs, MAX_WAIT_MS) * (1 + random / 4);
}

export const rateLimitLink = new ApolloLink((operation, forward) => {
  const send = (attempt: number): ReturnType<typeof forward> =>
    forward(operation).pipe(
      switchMap((result) => {
        const refusal = refusalOf(result.errors);
        if (refusal.code !== 'RATE_LIMITED' || attempt >= MAX_ATTEMPTS) return of(result);
        const ms = waitMs(retryAfterMs(refusal));
        const until = Date.now() + ms;
        limitedUntil.set((all) => [...all, until]);
        const wait = timer(ms).pipe(finalize(() => limitedUntil.set((all) => without(all, until))));
        return wait.pipe(switchMap(() => send(attempt + 1)));
      }),
    );
  return send(1);
});

function without(all: readonly number[], one: number): readonly number[] {
  const index = all.indexOf(one);
  return all.filter((_, i) => i !== index);
}
