/** A long press on a row selects it. While tasks are selected, it selects all rows up to it. The mouse drags a row. */
import { type PointerEvent, type SyntheticEvent, useState } from 'react';
import { isEmpty } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import { LongPress } from '@/ui/longPress';

interface Options {
  selection: Selection;
  setActiveRow: (row: number) => void;
  /** The mouse or a pen was pressed on a row, and may drag it. */
  drag: (event: globalThis.PointerEvent, row: number) => void;
}

export function useRowPress({ selection, setActiveRow, drag }: Options) {
  const [longPress] = useState(() => new LongPress());
  const select = (row: number) => {
    setActiveRow(row);
    if (isEmpty(selection.tasks)) selection.toggle(row);
    else selection.extendTo(row);
  };
  const stop = (event: SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      const row = pressedRow(event.target);
      if (row === undefined) return;
      longPress.down(event, () => select(row));
      if (!isControl(event.target)) drag(event.nativeEvent, row);
    },
    onPointerMove: (event: PointerEvent) => longPress.move(event),
    onPointerUp: () => longPress.end(),
    onPointerCancel: () => longPress.end(),
    // Phones open a menu for a link that is pressed.
    onContextMenu: (event: SyntheticEvent) => longPress.active && stop(event),
    onClickCapture: (event: SyntheticEvent) => longPress.takeClick() && stop(event),
  };
}

/** Buttons and checkboxes act by themselves. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, input, label') !== null;
}

/** Return the row of a task, from 0. A text field keeps its own long press. */
function pressedRow(target: EventTarget): number | undefined {
  const row =
    target instanceof Element && !target.closest('input[type="text"], input:not([type])')
      ? target.closest('[data-task]')
      : null;
  return row ? Number(row.getAttribute('aria-rowindex')) - 1 : undefined;
}
