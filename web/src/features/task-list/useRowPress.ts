/** A long press on a row selects it. While tasks are selected, it selects all rows up to it. */
import { type PointerEvent, type SyntheticEvent, useState } from 'react';
import { isEmpty } from '@/features/bulk-actions/selection';
import type { Selection } from '@/features/bulk-actions/useSelection';
import { LongPress } from '@/ui/longPress';

export function useRowPress(selection: Selection, setActiveRow: (row: number) => void) {
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
      if (row !== undefined) longPress.down(event, () => select(row));
    },
    onPointerMove: (event: PointerEvent) => longPress.move(event),
    onPointerUp: () => longPress.end(),
    onPointerCancel: () => longPress.end(),
    // Phones open a menu for a link that is pressed.
    onContextMenu: (event: SyntheticEvent) => longPress.active && stop(event),
    onClickCapture: (event: SyntheticEvent) => longPress.takeClick() && stop(event),
  };
}

/** Return the row of a task, from 0. A text field keeps its own long press. */
function pressedRow(target: EventTarget): number | undefined {
  const row =
    target instanceof Element && !target.closest('input[type="text"], input:not([type])')
      ? target.closest('[data-task]')
      : null;
  return row ? Number(row.getAttribute('aria-rowindex')) - 1 : undefined;
}
