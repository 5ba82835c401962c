/** What a click on a row does. The title is a link, so the browser opens it in a new tab where the person asks for that. */

/** `control`: a button or the checkbox acts by itself. `browser`: the browser opens the link. */
export type RowClickAction = 'open' | 'extend' | 'toggle' | 'activate' | 'control' | 'browser';

interface RowClick {
  /** What is under the pointer: the title, a button or checkbox of the row, or the rest of the row. */
  target: 'title' | 'control' | 'row';
  shiftKey: boolean;
  /** Ctrl or ⌘. */
  modKey: boolean;
  touch: boolean;
  /** Whether tasks are selected. A tap then selects one more. */
  selecting: boolean;
}

export function rowClickAction({ target, shiftKey, modKey, touch, selecting }: RowClick): RowClickAction {
  if (target === 'control') return 'control';
  if (shiftKey) return 'extend';
  if (modKey) return target === 'title' ? 'browser' : 'toggle';
  if (touch && selecting) return 'toggle';
  return target === 'title' || touch ? 'open' : 'activate';
}

/** Describe a click on a row. */
export function readRowClick(event: MouseEvent, selecting: boolean): RowClick {
  const { target, shiftKey, ctrlKey, metaKey } = event;
  const control = target instanceof Element ? target.closest('a, button, input, label') : null;
  return {
    target: control === null ? 'row' : control.tagName === 'A' ? 'title' : 'control',
    shiftKey,
    modKey: ctrlKey || metaKey,
    touch: (event as PointerEvent).pointerType === 'touch' || window.matchMedia('(hover: none)').matches,
    selecting,
  };
}
