/**
 * Where the live updates of the page start, so that the page fetches nothing twice.
 *
 * Until the page subscribes, each answer names a rev: the answer includes every change up to it. The page subscribes
 * after the lowest of these revs, so it misses no change of what it shows. An answer without a rev, or none at all,
 * makes the service begin with a RESYNC.
 */
import { ApolloLink } from '@apollo/client';
import { finalize, tap } from 'rxjs';
import { createStore } from '@/ui/store';

const REV_HEADER = 'X-Millitask-Rev';
/** How long the subscription waits for answers that are on their way. */
const MAX_WAIT_MS = 5_000;

interface Rev {
  epoch: number;
  number: number;
}

/** A counter that increases when an answer arrives that may lack a change from before the subscription. */
export const missedChanges = createStore(0);

/** The lowest rev of the answers: undefined before the first answer, null if an answer had no rev. */
let lowest: Rev | null | undefined;
let subscribed = false;
let running = 0;
let settle = () => {};
const settled = new Promise<void>((resolve) => {
  settle = resolve;
});

/**
 * Asks for the rev of each answer to a request that is sent before the page has subscribed.
 *
 * `startsFeed: false` in the context leaves a request out: one that is not part of the first view.
 */
export const feedStartLink = new ApolloLink((operation, forward) => {
  if (subscribed || operation.getContext()['startsFeed'] === false) return forward(operation);
  operation.setContext(({ headers }: { headers?: Record<string, string> }) => ({
    headers: { ...headers, [REV_HEADER]: '1' },
  }));
  running += 1;
  return forward(operation).pipe(
    tap({
      next: () => {
        const { response } = operation.getContext() as { response?: Response };
        record(parseRev(response?.headers.get(REV_HEADER)));
      },
      error: () => record(null),
    }),
    finalize(() => {
      running -= 1;
      if (running === 0) settle();
    }),
  );
});

/** Resolves when the first requests are answered, or after five seconds. */
export function firstAnswers(): Promise<unknown> {
  return Promise.race([settled, new Promise((resolve) => setTimeout(resolve, MAX_WAIT_MS))]);
}

/** Return the rev to subscribe after, or null for a RESYNC. Call this when the subscription is sent. */
export function takeFeedStart(): string | null {
  const start = subscribed ? null : lowest;
  subscribed = true;
  return start ? `${start.epoch}-${start.number}` : null;
}

/** Subscribe without a rev: the connection was lost before, and the page shows what failed since. */
export function forgetFeedStart(): void {
  lowest = null;
}

function record(rev: Rev | null): void {
  if (subscribed) {
    const isComplete = !!lowest && lowerRev(lowest, rev) === lowest;
    // Later, because the cache takes the answer in first.
    if (!isComplete) setTimeout(() => missedChanges.set((count) => count + 1));
  } else {
    lowest = lowest === undefined ? rev : lowerRev(lowest, rev);
  }
}

/** Return the lower one of two revs, the first if they are equal. Null if it is not known. */
function lowerRev(a: Rev | null | undefined, b: Rev | null): Rev | null {
  if (!a || !b || a.epoch !== b.epoch) return null;
  return a.number <= b.number ? a : b;
}

function parseRev(text: string | null | undefined): Rev | null {
  const [epoch, number] = (text ?? '').split('-').map(Number);
  return epoch !== undefined && number !== undefined ? { epoch, number } : null;
}
