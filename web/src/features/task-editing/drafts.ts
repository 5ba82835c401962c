/** What was typed and is not saved yet: in memory and in the tab's storage, so that neither a lost line nor a reload loses it. */
import { useCallback, useSyncExternalStore } from 'react';

/** `version` is that of the task when the typing began: what the writer believed to be changing. */
export interface Draft {
  text: string;
  version: number;
}

const PREFIX = 'millitask.draft.';
const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
let loaded = false;

export function draftKey(id: string, field: string): string {
  return `${id}.${field}`;
}

export function readDraft(key: string): Draft | undefined {
  if (!loaded) load();
  return drafts.get(key);
}

function load(): void {
  loaded = true;
  for (const [name, text] of Object.entries(sessionStorage) as [string, string][]) {
    if (name.startsWith(PREFIX)) drafts.set(name.slice(PREFIX.length), JSON.parse(text) as Draft);
  }
}

export function writeDraft(key: string, draft: Draft | undefined): void {
  if (draft) {
    drafts.set(key, draft);
    sessionStorage.setItem(PREFIX + key, JSON.stringify(draft));
  } else {
    drafts.delete(key);
    sessionStorage.removeItem(PREFIX + key);
  }
  for (const listener of listeners) listener();
}

/** What has been saved is a draft no more; what was typed on top of it meanwhile still is. */
export function dropSaved({
  id,
  title,
  description,
}: {
  id: string;
  title?: string | null;
  description?: string | null;
}) {
  for (const [field, text] of Object.entries({ title, description })) {
    const key = draftKey(id, field);
    if (typeof text === 'string' && readDraft(key)?.text.trim() === text.trim()) writeDraft(key, undefined);
  }
}

/** A change of our own is no reason for a conflict: what was typed on top of it stands on the version that it makes. */
export function rebaseDrafts(id: string, from: number, to: number): void {
  for (const [key, draft] of drafts) {
    if (key.startsWith(`${id}.`) && draft.version === from) writeDraft(key, { ...draft, version: to });
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
