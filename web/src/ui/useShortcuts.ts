/** Keys that do something, off while somebody types or a dialog is open. */
import { useEffect, useRef } from 'react';

/** By the name of the key, with `mod+` for Ctrl or ⌘ and `shift+` for keys that are no sign. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

/** These work everywhere, for they are no text. */
const ALWAYS = new Set(['mod+k']);

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const name = nameOf(event);
      const run = Object.hasOwn(latest.current, name) ? latest.current[name] : undefined;
      if (!run || event.defaultPrevented || event.isComposing) return;
      if (!ALWAYS.has(name) && isBusy(event)) return;
      event.preventDefault();
      run(event);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return `alt+${key}`;
  if (event.ctrlKey || event.metaKey) return `mod+${event.shiftKey ? 'shift+' : ''}${key}`;
  return event.shiftKey && (key.length > 1 || key === ' ') ? `shift+${key}` : key;
}

function isBusy(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest('[role="dialog"], [role="menu"], textarea, select, [contenteditable="true"]')) return true;
  if (target.closest('input:not([type="checkbox"])')) return true;
  // Buttons, links and tabs have keys of their own.
  const own = ['Enter', ' ', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'ArrowUp', 'ArrowDown'];
  return own.includes(event.key) && target.closest('button, a, [role="tab"]') !== null;
}
