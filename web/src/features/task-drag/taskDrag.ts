/** Drags tasks with the mouse onto an element with `data-drop-list`, the id of a list. */
import { createStore } from '@/ui/store';

export interface TaskDrag {
  /** The number of tasks. Undefined for all matches of a search or a filter, whose number is not known. */
  count: number | undefined;
  x: number;
  y: number;
  /** The id of the list under the pointer. */
  over: string | undefined;
}

/** What is being dragged. */
export const taskDrag = createStore<TaskDrag | undefined>(undefined);

/** A press that moves less is a click. */
const MIN_MOVE_PX = 6;

interface Draggable {
  /** Called when the drag begins. */
  count: () => number | undefined;
  onDrop: (listId: string) => void;
}

type Press = Pick<PointerEvent, 'button' | 'pointerType' | 'clientX' | 'clientY'>;

/** Follow a press on a task. A finger scrolls and selects instead. */
export function followPress({ button, pointerType, clientX, clientY }: Press, { count, onDrop }: Draggable): void {
  if (button !== 0 || pointerType === 'touch' || !document.querySelector('[data-drop-list]')) return;
  const listeners = new AbortController();
  const end = () => {
    listeners.abort();
    taskDrag.set(undefined);
    delete document.documentElement.dataset['dragging'];
  };
  const onMove = ({ clientX: x, clientY: y, buttons }: PointerEvent) => {
    if (buttons === 0) return end();
    const drag = taskDrag.get();
    if (!drag && Math.hypot(x - clientX, y - clientY) < MIN_MOVE_PX) return;
    document.documentElement.dataset['dragging'] = 'true';
    taskDrag.set({ count: drag ? drag.count : count(), x, y, over: listAt(x, y) });
  };
  const onUp = () => {
    const drag = taskDrag.get();
    end();
    if (!drag) return;
    swallowClick({ released: true });
    if (drag.over !== undefined) onDrop(drag.over);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !taskDrag.get()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    end();
    swallowClick({ released: false });
  };
  const { signal } = listeners;
  window.addEventListener('pointermove', onMove, { signal });
  window.addEventListener('pointerup', onUp, { signal });
  window.addEventListener('pointercancel', end, { signal });
  window.addEventListener('keydown', onKeyDown, { capture: true, signal });
}

function listAt(x: number, y: number): string | undefined {
  const target = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-drop-list]');
  return target?.dataset['dropList'];
}

/** The click that follows a drag means nothing. After a cancelled drag, the button is released later. */
function swallowClick({ released }: { released: boolean }): void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const stop = () => setTimeout(() => listeners.abort());
  const onClick = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener('click', onClick, { capture: true, signal });
  if (released) stop();
  else window.addEventListener('pointerup', stop, { signal });
}
