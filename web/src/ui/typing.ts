/** Knows whether the person is typing, so that nothing takes the focus between two keys. */
import { createStore, type ReadonlyStore } from './store';

/** How long a person may think between two keys, and how long a field may take to continue in another place. */
const PAUSE_MS = 4_000;
const LEFT_MS = 1_000;

const typingStore = createStore(false);

/** Whether a field has changed in the last seconds, and has the focus. */
export const typing: ReadonlyStore<boolean> = typingStore;

/**
 * Notice changes of fields until the returned function is called.
 *
 * The window hears of a change after React: a render before that would give the field its old text back.
 */
export function watchTyping(target: EventTarget = window): () => void {
  let pause: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(pause);
    typingStore.set(false);
  };
  const stopAfter = (milliseconds: number) => {
    clearTimeout(pause);
    pause = setTimeout(stop, milliseconds);
  };
  const onInput = () => {
    stopAfter(PAUSE_MS);
    typingStore.set(true);
  };
  const onFocusOut = () => typingStore.get() && stopAfter(LEFT_MS);
  target.addEventListener('input', onInput);
  target.addEventListener('focusout', onFocusOut);
  return () => {
    target.removeEventListener('input', onInput);
    target.removeEventListener('focusout', onFocusOut);
    stop();
  };
}
