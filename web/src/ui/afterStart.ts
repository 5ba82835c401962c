/** Leaves the first seconds to the first view of the page: work that can wait begins later, or when the page is used. */

const FIRST_SECONDS_MS = 5_000;
const USES = ['keydown', 'pointerdown'] as const;

/** Call the function once: after the first seconds, or at the first key or press. Returns a function that cancels it. */
export function afterStart(run: () => void, target: EventTarget = window): () => void {
  const cancel = () => {
    clearTimeout(timer);
    for (const event of USES) target.removeEventListener(event, start, { capture: true });
  };
  const start = () => {
    cancel();
    run();
  };
  const timer = setTimeout(start, FIRST_SECONDS_MS);
  for (const event of USES) target.addEventListener(event, start, { capture: true, passive: true });
  return cancel;
}
