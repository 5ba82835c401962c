/** The title that was being edited in a row when the row left the screen: the task is gone, moved or scrolled away. */
import { type RefObject, useLayoutEffect } from 'react';
import { createStore } from '@/ui/store';

export interface EditedTask {
  id: string;
  title: string;
  version: number;
}

export interface DetachedTitle {
  task: EditedTask;
  selectionStart: number;
  selectionEnd: number;
}

export const detachedTitle = createStore<DetachedTitle | undefined>(undefined);

/**
 * Keep the title that is edited in this input on screen when the input disappears before the edit is finished.
 *
 * When the row comes back, typing continues where it was. An edit that begins selects the whole title.
 */
export function useDetachedTitle(
  { id, title, version }: EditedTask,
  input: RefObject<HTMLInputElement | null>,
  isFinished: () => boolean,
): void {
  useLayoutEffect(() => {
    const element = input.current;
    const detached = detachedTitle.get();
    if (detached?.task.id === id) {
      // The other field has the same text, and the focus if it has been there long enough.
      const active = document.activeElement;
      const isContinued = active instanceof HTMLInputElement && active.value === element?.value;
      const { selectionStart, selectionEnd } = isContinued ? active : detached;
      element?.focus({ preventScroll: true });
      element?.setSelectionRange(selectionStart, selectionEnd);
      detachedTitle.set(undefined);
    } else {
      element?.select();
    }
    return () => {
      if (isFinished() || !element) return;
      const { selectionStart, selectionEnd, value } = element;
      detachedTitle.set({
        task: { id, title, version },
        selectionStart: selectionStart ?? value.length,
        selectionEnd: selectionEnd ?? value.length,
      });
    };
    // The title and the version are those at the start of the edit.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [id]);
}
