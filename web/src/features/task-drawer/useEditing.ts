import { type FocusEvent, useEffect, useRef, useState } from 'react';

export interface Editing {
  active: boolean;
  start: () => void;
  /** Stop when the field has lost the focus for good. */
  leave: (event: FocusEvent) => void;
}

/** Whether the person edits a text that is otherwise only shown. */
export function useEditing(): Editing {
  const [active, setActive] = useState(false);
  const pressed = usePressedPointer(active);
  const stop = () => setActive(false);
  return {
    active,
    start: () => setActive(true),
    leave: ({ currentTarget: field, relatedTarget }) => {
      // The focus comes back from another window, and from a dialog.
      if (document.activeElement === field || relatedTarget?.closest('[role="dialog"]')) return;
      if (!pressed.current) return stop();
      // The field has another height than the text. What the pointer is on must not move before it is clicked.
      const listeners = new AbortController();
      const stopAfterClick = () => {
        listeners.abort();
        setTimeout(() => document.activeElement !== field && stop());
      };
      for (const end of ['pointerup', 'pointercancel']) window.addEventListener(end, stopAfterClick, listeners);
    },
  };
}

/** Whether a button of the mouse, a finger or a pen is down. */
function usePressedPointer(watched: boolean) {
  const pressed = useRef(false);
  useEffect(() => {
    if (!watched) return;
    const listeners = new AbortController();
    const options = { capture: true, signal: listeners.signal };
    const set = (value: boolean) => () => {
      pressed.current = value;
    };
    window.addEventListener('pointerdown', set(true), options);
    window.addEventListener('pointerup', set(false), options);
    window.addEventListener('pointercancel', set(false), options);
    return () => {
      listeners.abort();
      pressed.current = false;
    };
  }, [watched]);
  return pressed;
}
