import { useApolloClient } from '@apollo/client/react';
import { useEffect, useRef } from 'react';
import { type Draft, draftKey, type DraftStatus, readDraft, readDraftStatus, useDraft, useDraftStatus } from './drafts';
import type { BaseValues, TextField } from './fieldConflicts';
import { commitDrafts } from './outbox';
import { readCachedTask } from './readCachedTask';
import { isTextSaved } from './savedText';

/** A task with the text of the edited field. */
type DraftedTask<F extends TextField> = { id: string; version: number } & Record<F, string>;

export interface TaskDraft {
  draft: Draft | undefined;
  status: DraftStatus | undefined;
  change: (text: string) => void;
  /** Save the latest text, or drop the draft if there is nothing to save. */
  save: () => void;
  /** Save the latest text when its field loses the focus, unless the person has to decide something first. */
  leave: () => void;
  discard: () => void;
}

/** The unsaved text of one field of a task. */
export function useTaskDraft<F extends TextField>(task: DraftedTask<F>, field: F): TaskDraft {
  const client = useApolloClient();
  const key = draftKey(task.id, field);
  const [draft, setDraft] = useDraft(key);
  const status = useDraftStatus(key);
  const start = (): Omit<Draft, 'text'> => {
    const started = readDraft(key);
    if (started) return started;
    // Not the optimistic values, because the service may refuse them.
    const saved: (BaseValues & { version: number }) | null = readCachedTask(client, task.id, false);
    return { version: saved?.version ?? task.version, base: saved?.[field] ?? task[field] };
  };
  const save = () => {
    const latest = readDraft(key);
    if (!latest || readDraftStatus(key)?.kind === 'saving') return;
    const text = field === 'title' ? latest.text.trim() : latest.text;
    if (isTextSaved(client, task.id, field, text) || (field === 'title' && !text)) return setDraft(undefined);
    commitDrafts([key]);
  };
  return {
    draft,
    status,
    change: (text) => setDraft({ ...start(), text }),
    save,
    leave: () => {
      const kind = readDraftStatus(key)?.kind;
      if (kind !== 'conflict' && kind !== 'failed') save();
    },
    discard: () => setDraft(undefined),
  };
}

/** Save the text of an editor that disappears without a blur event, as when Back closes the drawer. */
export function useSaveOnUnmount(save: () => void): void {
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => () => latest.current(), []);
}
