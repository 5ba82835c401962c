/** Keyboard shortcuts of the window. Shortcuts are off while the person types and while a dialog is open. */
import { useEffect, useRef } from 'react';
import { isLayerOpen } from './escapeKey';
import { HeldKey, repeatsWhileHeld } from './heldKey';
import { shortcutName } from './shortcutName';

/** Handlers by key name: `mod+` stands for Ctrl or ⌘, and `shift+` is used only with keys that print nothing. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

/** Shortcuts that stay on while the person types. */
const ALWAYS_ON = new Set(['mod+k']);
/** Keys that scroll the panel or the sidebar that has the focus. */
const SCROLL_KEYS = new Set(['PageDown', 'PageUp', 'Home', 'End', ' ']);
const DELETE_KEYS = new Set(['Delete', 'Backspace']);
const KEYS_OF_CONTROLS = new Set(['Enter', ' ', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'ArrowUp', 'ArrowDown']);

const heldKey = new HeldKey();

/** The key may have moved the focus to a text field, or opened a dialog: neither may receive its repetitions. */
function dropRepetition(event: KeyboardEvent): void {
  if (!heldKey.isRepeatedBy(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKeyDownFirst = (event: KeyboardEvent) => dropRepetition(event);
    const onKeyDown = (event: KeyboardEvent) => {
      const name = shortcutName(event);
      const run = Object.hasOwn(latest.current, name) ? latest.current[name] : undefined;
      if (!run || event.defaultPrevented) return;
      // A dialog receives the focus a moment after it is opened.
      if (!ALWAYS_ON.has(name) && (isLayerOpen() || isHandledByTarget(event))) return;
      event.preventDefault();
      if (!repeatsWhileHeld(name)) {
        if (event.repeat) return;
        heldKey.press(event);
      }
      run(event);
    };
    const listeners = new AbortController();
    window.addEventListener('keydown', onKeyDownFirst, { capture: true, signal: listeners.signal });
    window.addEventListener('keydown', onKeyDown, listeners);
    return () => listeners.abort();
  }, []);
}

/** Whether the focused element needs this key itself: text fields, dialogs, panels that scroll, and the keys of buttons, links and tabs. */
function isHandledByTarget(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest('[role="dialog"], [role="menu"], textarea, select, [contenteditable="true"]')) return true;
  if (target.closest('input:not([type="checkbox"])')) return true;
  if (SCROLL_KEYS.has(event.key) && target.closest('aside, nav')) return true;
  // A person who presses Delete on the name of a list does not mean the selected tasks.
  if (DELETE_KEYS.has(event.key) && target.closest('nav')) return true;
  return KEYS_OF_CONTROLS.has(event.key) && target.closest('button, a, [role="tab"]') !== null;
}
