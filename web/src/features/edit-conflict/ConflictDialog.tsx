/** Compares both versions of a field that was edited twice, and asks which one to keep. */
import { Modal } from '@mantine/core';
import { useState } from 'react';
import { editConflicts, removeEditConflict } from '@/features/task-editing/editConflicts';
import { useEscapeKey } from '@/ui/escapeKey';
import { useStore } from '@/ui/store';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { VersionChoice } from './VersionChoice';

export function ConflictDialog() {
  const [current] = useStore(editConflicts);
  // The closing dialog keeps its content while it fades out.
  const [shown, setShown] = useState(current);
  if (current && current !== shown) setShown(current);
  const opened = useOpenedAfterMount(current !== undefined);
  // The draft stays: its field offers it again.
  const close = () => current && removeEditConflict(current);
  useEscapeKey(opened, close);
  return (
    <Modal
      opened={opened}
      onClose={close}
      closeOnEscape={false}
      title="Someone else changed this task"
      size="xl"
      centered
      zIndex={400}
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Decide later' }}
    >
      {shown && <VersionChoice key={conflictKey(shown)} conflict={shown} onDone={() => removeEditConflict(shown)} />}
    </Modal>
  );
}

function conflictKey({ mine, theirs }: { mine: object; theirs: { version: number } }): string {
  return JSON.stringify([mine, theirs.version]);
}
