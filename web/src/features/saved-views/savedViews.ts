/** The views that a person has named, in the storage of the browser. */
import { ownKey } from '@/apollo/session';
import { safeLocalStorage } from '@/ui/safeStorage';
import { createStore, type ReadonlyStore } from '@/ui/store';

export const MAX_VIEWS = 50;
export const MAX_NAME_LENGTH = 100;
export const KEY = 'millitask.savedViews';

export interface SavedView {
  id: string;
  name: string;
  /** The view as the URL writes it: `?status=TODO&label=bug`. */
  query: string;
}

const views = createStore<readonly SavedView[]>([]);
export const savedViews: ReadonlyStore<readonly SavedView[]> = views;

/** Read the views, and follow the changes of other tabs. Returns the function that stops it. */
export function watchSavedViews(): () => void {
  const read = () => views.set(parseViews(storage().getItem(ownKey(KEY))));
  const onStorage = ({ key }: StorageEvent) => key === ownKey(KEY) && read();
  read();
  window.addEventListener('storage', onStorage);
  return () => window.removeEventListener('storage', onStorage);
}

/** Return whether the browser has stored the view. */
export function saveView(name: string, query: string): boolean {
  return write([...views.get(), { id: crypto.randomUUID(), name, query }]);
}

export function renameView(id: string, name: string): boolean {
  return write(views.get().map((view) => (view.id === id ? { ...view, name } : view)));
}

/** Remove a view. Returns the function that brings it back to its place. */
export function removeView(id: string): () => void {
  const index = views.get().findIndex((view) => view.id === id);
  const removed = views.get()[index];
  write(views.get().filter((view) => view.id !== id));
  return () => removed && write([...views.get().slice(0, index), removed, ...views.get().slice(index)]);
}

/** Return stored views. Anything else in the storage is ignored. */
export function parseViews(stored: string | null): readonly SavedView[] {
  try {
    const value: unknown = JSON.parse(stored ?? '[]');
    const found = Array.isArray(value) ? value.filter(isSavedView) : [];
    return [...new Map(found.map((view) => [view.id, view])).values()].slice(0, MAX_VIEWS);
  } catch {
    return [];
  }
}

function isSavedView(value: unknown): value is SavedView {
  const { id, name, query } = (value ?? {}) as Record<string, unknown>;
  return [id, name, query].every((text) => typeof text === 'string') && name !== '';
}

function write(next: readonly SavedView[]): boolean {
  views.set(next);
  try {
    storage().setItem(ownKey(KEY), JSON.stringify(next));
    return true;
  } catch {
    return false;
  }
}

let browserStorage: ReturnType<typeof safeLocalStorage> | undefined;

function storage(): ReturnType<typeof safeLocalStorage> {
  return (browserStorage ??= safeLocalStorage());
}
