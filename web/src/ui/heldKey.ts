/** Tells the repetitions of a key that is held down, so that a shortcut runs once per press. */

type Press = Pick<KeyboardEvent, 'code' | 'repeat'>;

/** Whether a shortcut runs again and again while its key is held: only those that move through the list. */
export function repeatsWhileHeld(name: string): boolean {
  return /^([jk]|(shift\+)?(Arrow|Page)(Up|Down))$/.test(name);
}

export class HeldKey {
  #code: string | undefined;

  /** A shortcut has used the key. */
  press({ code }: Press): void {
    this.#code = code;
  }

  /** Whether the event repeats the key that a shortcut has used. Another press ends this. */
  isRepeatedBy({ code, repeat }: Press): boolean {
    if (!repeat) this.#code = undefined;
    return repeat && code === this.#code;
  }
}
