/** New tasks that the service has not confirmed. They are kept as drafts and sent again when the service is back. */
import type { ApolloClient } from '@apollo/client';
import { connection } from '@/apollo/connection';
import { taskCreatedHere } from '@/features/tasks/listEvents';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { userActions } from '@/ui/userActions';
import { draftKey, FORM, readDraft, setDraftStatus, writeDraft } from './drafts';
import { uuid7 } from './taskIds';
import { createTask, type CreateOutcome, type NewTask } from './useCreateTask';

const FIELD = 'create';

/** The new tasks of this tab whose first attempt has no outcome yet, with `userActions` when they were submitted. */
const firstAttempts = new Map<string, number>();

/** Send the content of the form, and empty the form at once: what is typed next belongs to another task. */
export function submitForm(content: Omit<NewTask, 'id'>): void {
  const input: NewTask = { id: uuid7(), ...content };
  const key = draftKey(input.id, FIELD);
  firstAttempts.set(key, userActions());
  // Both changes are stored in one transaction: a closed tab leaves the text in one of the two places.
  writeDraft(key, { text: JSON.stringify(input), version: 0 });
  clearForm();
  if (!connection.get().reachable) showToast(t('editing.createLater'));
  setDraftStatus([key], { kind: 'queued' });
}

/** Keep a new task while it is being sent. If the tab is closed before the answer, it is sent again, with the same id. */
export function keepNewTask(input: NewTask): void {
  const key = draftKey(input.id, FIELD);
  writeDraft(key, { text: JSON.stringify(input), version: 0 });
  setDraftStatus([key], { kind: 'saving' });
}

/** Settle a new task whose text is also kept elsewhere. Only without a known outcome, it is sent again. */
export function settleNewTask({ id }: NewTask, outcome: CreateOutcome): void {
  const key = draftKey(id, FIELD);
  if (outcome.kind !== 'unknown') return writeDraft(key, undefined);
  setDraftStatus([key], { kind: 'waiting' });
  showToast(t('editing.createLater'));
}

export function isQueuedCreate(key: string): boolean {
  return key.endsWith(`.${FIELD}`);
}

/** Send a kept new task. If the service refuses it, its text goes back into the form, unless the form is in use. */
export async function sendQueuedCreate(client: ApolloClient, key: string): Promise<void> {
  const input = JSON.parse(readDraft(key)?.text ?? '{}') as NewTask;
  setDraftStatus([key], { kind: 'saving' });
  const outcome = await createTask(client, input);
  const actions = firstAttempts.get(key);
  const isFirst = firstAttempts.delete(key);
  if (outcome.kind === 'unknown' || outcome.kind === 'unsaved') {
    if (isFirst) showToast(t('editing.createLater'));
    return setDraftStatus([key], { kind: 'waiting' });
  }
  if (outcome.kind === 'created') {
    if (actions !== undefined && outcome.task) taskCreatedHere.set({ task: outcome.task, actions });
    return writeDraft(key, undefined);
  }
  const [title, reason] = [isolate(input.title), Object.values(outcome.errors).join(' ')];
  if (isFormEmpty()) {
    returnToForm(input);
    writeDraft(key, undefined);
    return showErrorToast(t('editing.notCreatedInForm', { title, reason }));
  }
  setDraftStatus([key], { kind: 'failed', reason });
  showErrorToast(t('editing.notCreatedKept', { title, reason }));
}

function isFormEmpty(): boolean {
  return ['title', 'description'].every((field) => !readDraft(draftKey(FORM, field))?.text);
}

function clearForm(): void {
  for (const field of ['title', 'description', 'choices']) writeDraft(draftKey(FORM, field), undefined);
}

function returnToForm({ title, description, ...choices }: NewTask): void {
  writeDraft(draftKey(FORM, 'title'), { text: title, version: 0 });
  writeDraft(draftKey(FORM, 'description'), { text: description ?? '', version: 0 });
  writeDraft(draftKey(FORM, 'choices'), { text: JSON.stringify({ ...choices, id: undefined }), version: 0 });
}
