/** Counts what the person does, so that an answer that arrives later moves nothing away from them. */

const EVENTS = ['keydown', 'pointerdown', 'wheel', 'input'] as const;

let count = 0;

/** Return a number that is larger after each action of the person. */
export function userActions(): number {
  return count;
}

export function countUserActions(): void {
  if (typeof window === 'undefined') return; // the build renders the page without a browser
  for (const event of EVENTS) window.addEventListener(event, () => (count += 1), { capture: true, passive: true });
}
