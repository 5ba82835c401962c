/** Safari has no requestIdleCallback. */
const FALLBACK_MS = 200;

/** Call the function when the browser is idle. */
export function whenIdle(run: () => void): void {
  if (typeof globalThis.requestIdleCallback === 'function') globalThis.requestIdleCallback(() => run());
  else setTimeout(run, FALLBACK_MS);
}
