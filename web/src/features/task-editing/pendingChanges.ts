let pending: Promise<unknown> = Promise.resolve();

/** Count a change as in flight until its promise settles. Returns the same promise. */
export function trackChange<T>(change: Promise<T>): Promise<T> {
  pending = Promise.allSettled([pending, change]);
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
