/** New tasks that the service has not confirmed. They are kept as drafts and sent again when the service is back. */
import type { ApolloClient } from '@apollo/client';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { draftKey, FORM, readDraft, setDraftStatus, writeDraft } from './drafts';
import { createTask, type CreateOutcome, type NewTask } from './useCreateTask';

const FIELD = 'create';

/** Keep a new task while it is being sent. If the tab is closed before the answer, it is sent again, with the same id. */
export function keepNewTask(input: NewTask): void {
  const key = draftKey(input.id, FIELD);
  writeDraft(key, { text: JSON.stringify(input), version: 0 });
  setDraftStatus([key], { kind: 'saving' });
}

/**
 * Settle a new task that the form has sent. The form is emptied unless the text has to be corrected. A text that was
 * typed since then stays in the form, and the sent one stays among the unsaved texts if it has to be corrected.
 *
 * Returns whether the form still had the sent text.
 */
export function settleNewTask(input: NewTask, outcome: CreateOutcome): boolean {
  const key = draftKey(input.id, FIELD);
  const isInForm = formHas(input);
  if (outcome.kind === 'unknown') {
    setDraftStatus([key], { kind: 'waiting' });
    showToast(t('editing.createLater'));
  } else if (outcome.kind === 'created' || isInForm) writeDraft(key, undefined);
  else if (outcome.kind === 'unsaved') setDraftStatus([key], { kind: 'waiting' });
  else keepRefused(key, input, Object.values(outcome.errors).join(' '));
  if (isInForm && (outcome.kind === 'created' || outcome.kind === 'unknown')) clearForm();
  return isInForm;
}

function keepRefused(key: string, { title }: NewTask, reason: string): void {
  setDraftStatus([key], { kind: 'failed', reason });
  showErrorToast(t('editing.notCreatedKept', { title: isolate(title), reason }));
}

export function isQueuedCreate(key: string): boolean {
  return key.endsWith(`.${FIELD}`);
}

/** Send a kept new task again. If the service refuses it, its text goes back into the form. */
export async function sendQueuedCreate(client: ApolloClient, key: string): Promise<void> {
  const input = JSON.parse(readDraft(key)?.text ?? '{}') as NewTask;
  setDraftStatus([key], { kind: 'saving' });
  const outcome = await createTask(client, input);
  if (outcome.kind === 'unknown' || outcome.kind === 'unsaved') return setDraftStatus([key], { kind: 'waiting' });
  if (outcome.kind === 'created') {
    if (formHas(input)) clearForm();
    return writeDraft(key, undefined);
  }
  const reason = Object.values(outcome.errors).join(' ');
  if (!formHas(input) && !formHas({ title: '', description: '' })) return keepRefused(key, input, reason);
  returnToForm(input);
  writeDraft(key, undefined);
  showErrorToast(t('editing.notCreatedInForm', { title: isolate(input.title), reason }));
}

/** Whether the form for a new task contains exactly this text. */
function formHas({ title, description }: Pick<NewTask, 'title' | 'description'>): boolean {
  const textOf = (field: string) => readDraft(draftKey(FORM, field))?.text ?? '';
  return textOf('title') === title && textOf('description') === (description ?? '');
}

function clearForm(): void {
  for (const field of ['title', 'description', 'choices']) writeDraft(draftKey(FORM, field), undefined);
}

function returnToForm({ title, description, status, priority, expiresAt }: NewTask): void {
  writeDraft(draftKey(FORM, 'title'), { text: title, version: 0 });
  writeDraft(draftKey(FORM, 'description'), { text: description ?? '', version: 0 });
  writeDraft(draftKey(FORM, 'choices'), { text: JSON.stringify({ status, priority, expiresAt }), version: 0 });
}
