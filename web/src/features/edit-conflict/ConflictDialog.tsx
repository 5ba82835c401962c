/** Compares both versions of a field that was edited twice, and asks which one to keep. */
import { useState } from 'react';
import { draftKey, readDraft } from '@/features/task-editing/drafts';
import {
  addEditConflict,
  type EditConflict,
  editConflicts,
  removeEditConflict,
} from '@/features/task-editing/editConflicts';
import { TEXT_FIELDS } from '@/features/task-editing/fieldConflicts';
import { Dialog } from '@/ui/Dialog';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { showToast } from '@/ui/toast';
import { VersionChoice } from './VersionChoice';

export function ConflictDialog({ opened }: { opened: boolean }) {
  const [current] = useStore(editConflicts);
  // The closing dialog keeps its content while it fades out.
  const [shown, setShown] = useState(current);
  if (current && current !== shown) setShown(current);
  const close = () => current && decideLater(current);
  return (
    <Dialog
      opened={opened}
      onClose={close}
      title={t('conflict.title')}
      size="xl"
      centered
      zIndex={400}
      closeButtonProps={{ 'aria-label': t('conflict.decideLater') }}
    >
      {shown && <VersionChoice key={conflictKey(shown)} conflict={shown} onDone={() => removeEditConflict(shown)} />}
    </Dialog>
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
