/**
 * Unsaved text, kept in memory and in the tab's session storage.
 *
 * A draft survives a failed request and a reload of the page. It is removed when its text is saved or discarded.
 */
import { useCallback, useSyncExternalStore } from 'react';

export interface Draft {
  text: string;
  /** The version of the task when the person started typing. It is sent as `expectedVersion`. */
  version: number;
}

const STORAGE_PREFIX = 'millitask.draft.';
const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
let loaded = false;

export function draftKey(id: string, field: string): string {
  return `${id}.${field}`;
}

export function readDraft(key: string): Draft | undefined {
  if (!loaded) loadDrafts();
  return drafts.get(key);
}

function loadDrafts(): void {
  loaded = true;
  for (const [name, text] of Object.entries(sessionStorage) as [string, string][]) {
    if (name.startsWith(STORAGE_PREFIX)) drafts.set(name.slice(STORAGE_PREFIX.length), JSON.parse(text) as Draft);
  }
}

/** Save a draft, or remove it if `draft` is undefined. */
export function writeDraft(key: string, draft: Draft | undefined): void {
  if (draft) {
    drafts.set(key, draft);
    sessionStorage.setItem(STORAGE_PREFIX + key, JSON.stringify(draft));
  } else {
    drafts.delete(key);
    sessionStorage.removeItem(STORAGE_PREFIX + key);
  }
  for (const listener of listeners) listener();
}

interface SavedText {
  id: string;
  title?: string | null;
  description?: string | null;
}

/** Remove the drafts whose text has been saved. A draft that the person has edited further stays. */
export function dropSavedDrafts({ id, title, description }: SavedText): void {
  for (const [field, text] of Object.entries({ title, description })) {
    const key = draftKey(id, field);
    if (typeof text === 'string' && readDraft(key)?.text.trim() === text.trim()) writeDraft(key, undefined);
  }
}

/** Move the drafts of a task to the version that this tab's own edit creates, so that they do not conflict with it. */
export function rebaseDrafts(id: string, fromVersion: number, toVersion: number): void {
  for (const [key, draft] of drafts) {
    if (key.startsWith(`${id}.`) && draft.version === fromVersion) writeDraft(key, { ...draft, version: toVersion });
  }
}

export function useDraft(key: string): [Draft | undefined, (draft: Draft | undefined) => void] {
  const draft = useSyncExternalStore(
    subscribe,
    () => readDraft(key),
    () => undefined,
  );
  return [draft, useCallback((next: Draft | undefined) => writeDraft(key, next), [key])];
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
