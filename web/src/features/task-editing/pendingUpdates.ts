let pending: Promise<unknown> = Promise.resolve();

/** Count an update as in flight until its promise settles. Returns the same promise. */
export function trackUpdate<T>(update: Promise<T>): Promise<T> {
  pending = Promise.allSettled([pending, update]);
  return update;
}

/** Resolves when the service has answered every update in flight. */
export function updatesSettled(): Promise<unknown> {
  return pending;
}
