/** Knows whether the person is typing, so that nothing takes the focus between two keys. */
import { createStore, type ReadonlyStore } from './store';

const PAUSE_MS = 1_000;

const typingStore = createStore(false);

/** Whether a field has changed in the last second. */
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
  const onInput = () => {
    clearTimeout(pause);
    pause = setTimeout(stop, PAUSE_MS);
    typingStore.set(true);
  };
  target.addEventListener('input', onInput);
  return () => {
    target.removeEventListener('input', onInput);
    stop();
  };
}
