/** The description of a task. It is shown with its formatting, and becomes a text field when the person wants to edit it. */
import { Input, Textarea } from '@mantine/core';
import { type KeyboardEvent, type MouseEvent, useId, useLayoutEffect, useRef } from 'react';
import { MarkdownText } from '@/features/markdown/MarkdownText';
import { t } from '@/ui/messages';
import styles from './DescriptionField.module.css';
import { DraftNotice } from './DraftNotice';
import { type Editing, useEditing } from './useEditing';
import type { TextFieldState } from './useTextField';

interface Props {
  field: TextFieldState;
  /** Whether the shown text differs from the saved one. It then stays in the text field. */
  hasDraft: boolean;
}

export function DescriptionField({ field, hasDraft }: Props) {
  const editing = useEditing();
  const isEdited = editing.active || hasDraft || field.value === '';
  return isEdited ? (
    <DescriptionEditor field={field} editing={editing} />
  ) : (
    <DescriptionView field={field} onEdit={editing.start} />
  );
}

function DescriptionEditor({ field, editing }: { field: TextFieldState; editing: Editing }) {
  return (
    <Textarea
      ref={useCaretAtEnd(editing.active)}
      label={t('tasks.field.description')}
      placeholder={t('description.add')}
      autosize
      minRows={5}
      maxRows={16}
      maxLength={10_000}
      value={field.value}
      onChange={(event) => field.change(event.currentTarget.value)}
      onFocus={editing.start}
      onBlur={(event) => {
        field.leave();
        editing.leave(event);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) field.save();
      }}
      description={<DraftNotice field={field} />}
      inputWrapperOrder={['label', 'input', 'description']}
    />
  );
}

/** Focus a text field that appears because the person wants to edit its text. */
function useCaretAtEnd(wanted: boolean) {
  const ref = useRef<HTMLTextAreaElement>(null);
  const wantedAtFirst = useRef(wanted);
  useLayoutEffect(() => {
    if (!wantedAtFirst.current || !ref.current) return;
    ref.current.focus();
    ref.current.setSelectionRange(ref.current.value.length, ref.current.value.length);
  }, []);
  return ref;
}

function DescriptionView({ field, onEdit }: { field: TextFieldState; onEdit: () => void }) {
  const id = useId();
  return (
    <Input.Wrapper
      id={id}
      role="group"
      aria-labelledby={`${id}-label`}
      label={t('tasks.field.description')}
      labelElement="div"
      description={<DraftNotice field={field} />}
      inputWrapperOrder={['label', 'input', 'description']}
      className={styles.view}
      onKeyDown={(event) => startByKey(event, onEdit)}
    >
      <button type="button" className={styles.edit} title={t('description.editByKey')} onClick={onEdit}>
        {t('description.edit')}
      </button>
      <div className={styles.text} onClick={(event) => startByClick(event, onEdit)}>
        <MarkdownText text={field.value} />
      </div>
    </Input.Wrapper>
  );
}

function startByKey(event: KeyboardEvent, onEdit: () => void): void {
  if (event.key.toLowerCase() !== 'e' || event.ctrlKey || event.metaKey || event.altKey) return;
  // Neither the text field nor the list may receive the key.
  event.preventDefault();
  onEdit();
}

/** A click on a link opens the link, and a selection of text is meant for copying. */
function startByClick(event: MouseEvent, onEdit: () => void): void {
  if (event.target instanceof Element && event.target.closest('a')) return;
  if (window.getSelection()?.isCollapsed === false) return;
  onEdit();
}
