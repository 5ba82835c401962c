/** Follows the drafts that a mutation sends: being saved, saved, refused, or to be sent again. */
import type { UpdateTaskInput } from '@/gql';
import {
  clearSavedStatus,
  type DraftStatus,
  draftKey,
  readDraft,
  readDraftStatus,
  setDraftStatus,
  writeDraft,
} from './drafts';
import { type BaseValues, TEXT_FIELDS } from './fieldConflicts';

const SAVED_SHOWN_MS = 4_000;

/** Return the keys of the drafts whose text this input sends. A draft that the person has edited further is not one. */
function draftsOf(input: UpdateTaskInput): string[] {
  return TEXT_FIELDS.filter((field) => {
    const text = input[field];
    return typeof text === 'string' && readDraft(draftKey(input.id, field))?.text.trim() === text.trim();
  }).map((field) => draftKey(input.id, field));
}

/** Whether the input changes nothing but text that is kept as a draft. */
export function sendsOnlyDrafts(input: UpdateTaskInput): boolean {
  const fields = Object.keys(input).filter((field) => field !== 'id' && field !== 'expectedVersion');
  return draftsOf(input).length === fields.length;
}

/** Note that the drafts of these edits are being sent, with which version, and on which text they build. */
export function markSending(edits: { input: UpdateTaskInput; base: BaseValues }[]): void {
  for (const { input, base } of edits) {
    setDraftStatus(draftsOf(input), { kind: 'saving' });
    for (const field of TEXT_FIELDS) {
      const key = draftKey(input.id, field);
      const draft = readDraft(key);
      if (!draft || !draftsOf(input).includes(key)) continue;
      const text = base[field] ?? draft.base;
      writeDraft(key, {
        ...draft,
        version: input.expectedVersion ?? draft.version,
        ...(text !== undefined && { base: text }),
      });
    }
  }
}

/** Note why the drafts of this input are not saved. */
export function markUnsaved(input: UpdateTaskInput, status: DraftStatus): void {
  setDraftStatus(draftsOf(input), status);
}

/** Remove the drafts whose text has been saved. A draft that the person has edited further stays: it has no status. */
export function dropSavedDrafts(input: UpdateTaskInput): void {
  for (const key of draftsOf(input).filter(readDraftStatus)) {
    writeDraft(key, undefined);
    setDraftStatus([key], { kind: 'saved' });
    setTimeout(() => clearSavedStatus(key), SAVED_SHOWN_MS);
  }
}

/** Let text that was typed while an earlier text of its field was saved build on the saved text. */
export function rebaseEditedDrafts(input: UpdateTaskInput, version: number): void {
  for (const field of TEXT_FIELDS) {
    const [key, base] = [draftKey(input.id, field), input[field]];
    const draft = readDraft(key);
    if (draft && typeof base === 'string') writeDraft(key, { ...draft, version, base });
  }
}
