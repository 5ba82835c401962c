/**
 * Unsaved text, kept in memory and in the browser's storage.
 *
 * A draft survives a failed request and a closed tab. It is removed when its text is saved or discarded. Reading is
 * synchronous, because only memory is read. If the browser's storage is blocked or full, drafts live in memory only.
 */
import { useCallback, useSyncExternalStore } from 'react';
import { createStore } from '@/ui/store';
import { listOwners, moveDrafts, type StoredDraft, storeDrafts } from './draftStorage';
import { adoptFromClosedTab, claimTab, tabId } from './tabOwnership';

export interface Draft {
  text: string;
  /** The version of the task when the person started typing. It is sent as `expectedVersion`. */
  version: number;
  /** The text of the field at that version. The text conflicts only with other changes of this field. */
  base?: string;
}

/** How far a draft is on its way to the service. A draft without a status is being typed. */
export type DraftStatus =
  | { kind: 'queued' } // to be sent as soon as the service is reachable
  | { kind: 'saving' }
  | { kind: 'waiting' } // sent without an answer, to be sent again
  | { kind: 'conflict' }
  | { kind: 'failed'; reason: string }
  | { kind: 'saved' }; // the draft itself is gone

/** The name of the form for a new task in the keys of its drafts. */
export const FORM = 'new';

const drafts = new Map<string, StoredDraft>();
const statuses = new Map<string, DraftStatus>();
const listeners = new Set<() => void>();
const unstored = new Set<string>();
let storing = false;

/** Whether the last attempt to store drafts failed, so that closing the tab would lose them. */
export const storageFailed = createStore(false);

export function draftKey(id: string, field: string): string {
  return `${id}.${field}`;
}

export function readDraft(key: string): Draft | undefined {
  return drafts.get(key);
}

export function readDraftStatus(key: string): DraftStatus | undefined {
  return statuses.get(key);
}

/** Return the drafts with their keys, those that were started first in front. */
export function listDrafts(): [string, StoredDraft][] {
  return [...drafts].sort(([, a], [, b]) => a.startedAt - b.startedAt);
}

/** Save a draft, or remove it if `draft` is undefined. */
export function writeDraft(key: string, draft: Draft | undefined): void {
  const current = drafts.get(key);
  if (draft?.text !== current?.text) statuses.delete(key);
  if (draft) drafts.set(key, { ...draft, startedAt: current?.startedAt ?? Date.now() });
  else drafts.delete(key);
  unstored.add(key);
  if (!storing) {
    storing = true;
    queueMicrotask(() => void storeChanges());
  }
  notify();
}

/** Note how far drafts are. Only the status `saved` stays without a draft. */
export function setDraftStatus(keys: string[], status: DraftStatus): void {
  const known = keys.filter((key) => drafts.has(key) || status.kind === 'saved');
  for (const key of known) statuses.set(key, status);
  if (known.length > 0) notify();
}

/** Stop saying that the text of a draft was saved. */
export function clearSavedStatus(key: string): void {
  if (readDraftStatus(key)?.kind !== 'saved') return;
  statuses.delete(key);
  notify();
}

function notify(): void {
  for (const listener of [...listeners]) listener();
}

/** Store the latest drafts. A change is stored at once, without a delay that a closed tab would not survive. */
async function storeChanges(): Promise<void> {
  storing = false;
  const keys = [...unstored];
  unstored.clear();
  try {
    await claimTab();
    await storeDrafts(
      tabId,
      keys.map((key) => [key, drafts.get(key)]),
    );
    storageFailed.set(false);
  } catch {
    // They are stored together with the next change.
    for (const key of keys) unstored.add(key);
    storageFailed.set(true);
  }
}

export interface Adoption {
  /** The keys of the drafts that this tab has taken over. */
  adopted: string[];
  /** The tasks or the form whose drafts stay where they are, because this tab has a draft of them itself. */
  postponed: Set<string>;
}

/**
 * Take over the drafts of tabs that are gone.
 *
 * A draft stays where it is while this tab has one of the same task or form: neither text may replace the other.
 */
export async function adoptDrafts(includeForm: boolean): Promise<Adoption> {
  const adopted: string[] = [];
  const postponed = new Set<string>();
  const select = (found: [string, StoredDraft][]) => {
    const taken = new Set([...drafts.keys()].map(ownerOfDraft));
    const offered = found.filter(([key]) => includeForm || !isFormDraft(key));
    const wanted = offered.filter(([key]) => !taken.has(ownerOfDraft(key)));
    for (const [key] of offered) if (taken.has(ownerOfDraft(key))) postponed.add(ownerOfDraft(key));
    for (const [key, draft] of wanted) {
      drafts.set(key, draft);
      adopted.push(key);
    }
    return wanted;
  };
  try {
    await claimTab();
    const others = (await listOwners()).filter((owner) => owner !== tabId);
    await Promise.all(others.map((owner) => adoptFromClosedTab(owner, () => moveDrafts(owner, tabId, select))));
  } catch {
    storageFailed.set(true);
  }
  if (adopted.length > 0) notify();
  return { adopted, postponed };
}

/** Whether this tab has a draft of a task or of the form. */
export function hasDraftOf(owner: string): boolean {
  return [...drafts.keys()].some((key) => ownerOfDraft(key) === owner);
}

/** Return the id of the task, or the name of the form, that a draft belongs to. */
export function ownerOfDraft(key: string): string {
  return key.slice(0, key.indexOf('.'));
}

/** Whether a draft belongs to the form for a new task, which only the person sends. */
export function isFormDraft(key: string): boolean {
  return ownerOfDraft(key) === FORM;
}

/** Move the drafts of a task to the version that this tab's own edit creates, so that they do not conflict with it. */
export function rebaseDrafts(id: string, fromVersion: number, toVersion: number): void {
  for (const [key, draft] of drafts) {
    if (key.startsWith(`${id}.`) && draft.version === fromVersion) writeDraft(key, { ...draft, version: toVersion });
  }
}

export function useDraft(key: string): [Draft | undefined, (draft: Draft | undefined) => void] {
  const draft = useSyncExternalStore(
    subscribeToDrafts,
    () => readDraft(key),
    () => undefined,
  );
  return [draft, useCallback((next: Draft | undefined) => writeDraft(key, next), [key])];
}

export function useDraftStatus(key: string): DraftStatus | undefined {
  return useSyncExternalStore(
    subscribeToDrafts,
    () => readDraftStatus(key),
    () => undefined,
  );
}

export function subscribeToDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
