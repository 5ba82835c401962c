/** Keys that belong to an input method (IME), which people use to type Japanese, Chinese or Korean. */

/** The `keyCode` that browsers report for a key that an input method handles. */
const HANDLED_BY_INPUT_METHOD = 229;

/** Return whether a key press belongs to an input method. Safari ends a composition before the key that confirms it. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- only keyCode tells it in Safari
export function isCompositionKey({ isComposing, keyCode }: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return isComposing || keyCode === HANDLED_BY_INPUT_METHOD;
}

/**
 * Hide the keys of an input method from every handler of the page, so that Enter confirms a word and saves nothing.
 *
 * Call this before any component adds a listener to the window: listeners run in the order in which they were added.
 */
export function shieldCompositionKeys(): void {
  if (typeof window === 'undefined') return; // the build renders the page without a browser
  window.addEventListener('keydown', onKeyDown, { capture: true });
}

function onKeyDown(event: KeyboardEvent): void {
  if (!isCompositionKey(event)) return;
  event.stopImmediatePropagation();
  // By itself, a browser may submit the form of the field.
  if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
}
