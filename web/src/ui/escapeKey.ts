/** Gives Escape to the topmost layer alone, so that it closes a dialog and not the panel under it. */
import { useEffect, useRef } from 'react';
import { expectField, expectNoField } from './typeAhead';

/** The handlers of the open layers: dialogs and menus. The topmost is last. */
const layers: (() => void)[] = [];

/** Call this before any component adds a listener to the window: listeners run in the order in which they were added. */
export function routeEscapeKey(): void {
  if (typeof window === 'undefined') return; // the build renders the page without a browser
  window.addEventListener('keydown', onKeyDown, { capture: true });
}

function onKeyDown(event: KeyboardEvent): void {
  const close = event.key === 'Escape' ? layers.at(-1) : undefined;
  if (!close) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  close();
}

/** Return whether a dialog or a menu is open, or about to appear. */
export function isLayerOpen(): boolean {
  return layers.length > 0;
}

/** Call `onEscape` for each Escape while `active`. No other handler of the page receives it. */
export function useEscapeKey(active: boolean, onEscape: () => void): void {
  const latest = useRef(onEscape);
  useEffect(() => {
    latest.current = onEscape;
  });
  useEffect(() => {
    if (!active) return undefined;
    const layer = () => latest.current();
    layers.push(layer);
    expectField();
    return () => {
      layers.splice(layers.lastIndexOf(layer), 1);
      // The dialog that stands for a part is replaced by the part.
      queueMicrotask(() => layers.length === 0 && expectNoField());
    };
  }, [active]);
}
