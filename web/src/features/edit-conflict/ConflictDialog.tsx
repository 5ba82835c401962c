/** Compares both versions of a field that was edited twice, and asks which one to keep. */
import { Modal } from '@mantine/core';
import { useState } from 'react';
import { draftKey, readDraft } from '@/features/task-editing/drafts';
import {
  addEditConflict,
  type EditConflict,
  editConflicts,
  removeEditConflict,
} from '@/features/task-editing/editConflicts';
import { TEXT_FIELDS } from '@/features/task-editing/fieldConflicts';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { showToast } from '@/ui/toast';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { VersionChoice } from './VersionChoice';

export function ConflictDialog() {
  const [current] = useStore(editConflicts);
  // The closing dialog keeps its content while it fades out.
  const [shown, setShown] = useState(current);
  if (current && current !== shown) setShown(current);
  const opened = useOpenedAfterMount(current !== undefined);
  const close = () => current && decideLater(current);
  useEscapeKey(opened, close);
  return (
    <Modal
      opened={opened}
      onClose={close}
      closeOnEscape={false}
      title={t('conflict.title')}
      size="xl"
      centered
      zIndex={400}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': t('conflict.decideLater') }}
    >
      {shown && <VersionChoice key={conflictKey(shown)} conflict={shown} onDone={() => removeEditConflict(shown)} />}
    </Modal>
  );
}

/** Close the dialog. A draft stays, and its field offers it again. An edit without a draft is offered by a message. */
function decideLater(conflict: EditConflict): void {
  removeEditConflict(conflict);
  if (TEXT_FIELDS.some((field) => readDraft(draftKey(conflict.mine.id, field)))) return;
  showToast(t('editing.changeNotSaved'), { label: t('conflict.compare'), run: () => addEditConflict(conflict) });
}

function conflictKey({ mine, theirs }: { mine: object; theirs: { version: number } }): string {
  return JSON.stringify([mine, theirs.version]);
}
