/** Keys that a person presses before the page has its shortcuts. A script of the exported HTML keeps them. */

declare global {
  interface Window {
    earlyKeys?: KeyboardEvent[];
    keepEarlyKey?: (event: KeyboardEvent) => void;
  }
}

/** Press the kept keys again, once the page has its shortcuts. */
export async function pressEarlyKeys(): Promise<void> {
  if (window.keepEarlyKey) window.removeEventListener('keydown', window.keepEarlyKey, { capture: true });
  const pressed = window.earlyKeys ?? [];
  window.earlyKeys = [];
  for (const [index, event] of pressed.entries()) {
    // If the first key opens a dialog, the others are its text. They must come before it has the focus, see `typeAhead`.
    if (index < 2) await new Promise((resolve) => setTimeout(resolve));
    document.body.dispatchEvent(new KeyboardEvent('keydown', event));
  }
}
