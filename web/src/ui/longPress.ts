/** Recognises a long press by touch. A finger that moves scrolls, and a short touch is a click. */

const LONG_PRESS_MS = 500;
/** How far a finger may move. */
const MAX_MOVE_PX = 10;

type Touch = Pick<PointerEvent, 'pointerType' | 'isPrimary' | 'clientX' | 'clientY'>;

export class LongPress {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #start = { clientX: 0, clientY: 0 };
  #recognised = false;

  /** A touch begins. `run` is called when it has lasted long enough. */
  down({ pointerType, isPrimary, clientX, clientY }: Touch, run: () => void): void {
    this.end();
    this.#recognised = false;
    if (pointerType !== 'touch' || !isPrimary) return;
    this.#start = { clientX, clientY };
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#recognised = true;
      run();
    }, LONG_PRESS_MS);
  }

  move({ clientX, clientY }: Pick<Touch, 'clientX' | 'clientY'>): void {
    const { clientX: x, clientY: y } = this.#start;
    if (Math.hypot(clientX - x, clientY - y) > MAX_MOVE_PX) this.end();
  }

  /** The touch ends, or the browser scrolls. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether a press is under way or was recognised. The browser's own menu must not open then. */
  get active(): boolean {
    return this.#recognised || this.#timer !== undefined;
  }

  /** Whether the click that follows belongs to a long press, and means nothing. Asking forgets the press. */
  takeClick(): boolean {
    const taken = this.#recognised;
    this.#recognised = false;
    return taken;
  }
}
