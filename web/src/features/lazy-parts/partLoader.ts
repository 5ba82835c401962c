/** Loads the code of a part of the page. A failed load can be repeated, unlike one of `React.lazy`. */
import { createStore, type ReadonlyStore } from '@/ui/store';

export type PartState<T> = { status: 'unloaded' | 'loading' | 'failed' } | { status: 'loaded'; value: T };

export interface PartLoader<T> {
  state: ReadonlyStore<PartState<T>>;
  /** Load the part, unless it is loaded or loading. Resolves to whether it is loaded, and never rejects. */
  load: () => Promise<boolean>;
}

/** A script that is answered with something else, such as the sign-in page of a network, never ends its load. */
export const LOAD_TIMEOUT_MS = 20_000;

export function createPartLoader<T>(importPart: () => Promise<T>): PartLoader<T> {
  const state = createStore<PartState<T>>({ status: 'unloaded' });
  let running: Promise<boolean> | undefined;
  const run = () =>
    new Promise<boolean>((resolve) => {
      const finish = (next: PartState<T>) => {
        clearTimeout(timer);
        running = undefined;
        if (state.get().status !== 'loaded') state.set(next);
        resolve(next.status === 'loaded');
      };
      const fail = () => finish({ status: 'failed' });
      const timer = setTimeout(fail, LOAD_TIMEOUT_MS);
      state.set({ status: 'loading' });
      // A part that arrives after the limit is used all the same.
      importPart().then((value) => finish({ status: 'loaded', value }), fail);
    });
  return {
    state,
    load: () => (state.get().status === 'loaded' ? Promise.resolve(true) : (running ??= run())),
  };
}

/** Load the parts one after the other, each when the browser is idle. Stop at the first part that cannot be loaded. */
export async function loadWhenIdle(
  loaders: readonly PartLoader<unknown>[],
  idle: () => Promise<void>,
): Promise<boolean> {
  for (const { state, load } of loaders) {
    if (state.get().status === 'loaded') continue;
    await idle();
    if (!(await load())) return false;
  }
  return true;
}
