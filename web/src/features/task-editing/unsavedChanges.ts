/** Knows whether something is unsaved. Warns before the tab is closed, and if the browser does not store drafts. */
import { connection } from '@/apollo/connection';
import { useSyncExternalStore } from 'react';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { isFormDraft, listDrafts, readDraftStatus, storageFailed, subscribeToDrafts } from './drafts';
import { changesInFlight } from './pendingChanges';

/** Return the keys of drafts that the page could not save yet. */
export function unsentDrafts(): string[] {
  const { reachable } = connection.get();
  return listDrafts().flatMap(([key]) => {
    const kind = readDraftStatus(key)?.kind;
    const unsent = kind === 'waiting' || kind === 'failed' || kind === 'conflict' || (kind === 'queued' && !reachable);
    return unsent ? [key] : [];
  });
}

/** Return the number of drafts that the page could not save yet. */
export function useUnsentCount(): number {
  return useSyncExternalStore(
    subscribe,
    () => unsentDrafts().length,
    () => 0,
  );
}

/** Whether the service lacks something: a change in flight, a draft, or a form that closing the tab would lose. */
function hasUnsavedChanges(): boolean {
  return changesInFlight.get() > 0 || listDrafts().some(([key]) => storageFailed.get() || !isFormDraft(key));
}

/** Warn about unsaved changes until the returned function is called. */
export function warnAboutUnsavedChanges(): () => void {
  let warning = false;
  let toldAboutStorage = false;
  const onBeforeUnload = (event: BeforeUnloadEvent) => event.preventDefault();
  const stopWarning = () => window.removeEventListener('beforeunload', onBeforeUnload);
  // Some browsers keep no page with this listener for the Back button, so it is there only while it is needed.
  const update = () => {
    const unsaved = hasUnsavedChanges();
    if (unsaved && !warning) window.addEventListener('beforeunload', onBeforeUnload);
    if (!unsaved && warning) stopWarning();
    warning = unsaved;
    if (toldAboutStorage || !storageFailed.get() || unsentDrafts().length === 0) return;
    toldAboutStorage = true;
    showErrorToast(t('editing.notStored'));
  };
  const stopListening = subscribe(update);
  return () => {
    stopListening();
    stopWarning();
  };
}

function subscribe(listener: () => void): () => void {
  const stops = [
    subscribeToDrafts(listener),
    changesInFlight.subscribe(listener),
    storageFailed.subscribe(listener),
    connection.subscribe(listener),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
