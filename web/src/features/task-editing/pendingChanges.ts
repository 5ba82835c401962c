import { createStore } from '@/ui/store';

let pending: Promise<unknown> = Promise.resolve();

/** The number of changes that the service has not answered yet. */
export const changesInFlight = createStore(0);

/** Count a change as in flight until its promise settles. Returns the same promise. */
export function trackChange<T>(change: Promise<T>): Promise<T> {
  changesInFlight.set((count) => count + 1);
  const settled = change
    .then(
      () => undefined,
      () => undefined,
    )
    .then(() => changesInFlight.set((count) => count - 1));
  pending = Promise.all([pending, settled]);
  return change;
}

/** Resolves when the service has answered every change in flight, including those that start during the wait. */
export async function changesSettled(): Promise<void> {
  let waitedFor;
  do {
    waitedFor = pending;
    await waitedFor;
  } while (waitedFor !== pending);
}
