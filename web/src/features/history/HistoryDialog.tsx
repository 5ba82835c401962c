/** The changes of this tab: those that can be redone, and those that can be undone, each up to any point. */
import { Button, Modal, Stack, Text, Title } from '@mantine/core';
import { changeHistory, redoUpTo, undoUpTo, type UndoStep } from '@/features/task-editing/undoStack';
import { handleUndoKeys } from '@/features/task-editing/undoToast';
import { useStore } from '@/ui/store';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import styles from './HistoryDialog.module.css';

export function HistoryDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={useOpenedAfterMount(opened)}
      onClose={onClose}
      title="Changes"
      size="lg"
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      onKeyDown={handleUndoKeys}
    >
      <ChangeLists />
    </Modal>
  );
}

function ChangeLists() {
  const { done, undone } = useStore(changeHistory);
  if (done.length + undone.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing to undo yet. The changes that you make in this tab appear here.
      </Text>
    );
  }
  return (
    <Stack gap="lg">
      {undone.length > 0 && <Changes name="Undone" steps={undone.toReversed()} verb="Redo" onRun={redoUpTo} />}
      {done.length > 0 && <Changes name="Latest changes" steps={done.toReversed()} verb="Undo" onRun={undoUpTo} />}
    </Stack>
  );
}

interface ChangesProps {
  name: string;
  /** The next one to undo or redo is first. */
  steps: UndoStep[];
  verb: 'Undo' | 'Redo';
  onRun: (step: UndoStep) => Promise<void>;
}

function Changes({ name, steps, verb, onRun }: ChangesProps) {
  return (
    <section aria-label={name}>
      <Title order={3} size="h6" c="dimmed" mb={4}>
        {name}
      </Title>
      <ol className={styles.list}>
        {steps.map((step, i) => (
          <li key={step.key} className={styles.change}>
            <span dir="auto">{step.label}</span>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={i === 0 ? `${verb}: ${step.label}` : `${verb} ${i + 1} changes, up to: ${step.label}`}
              onClick={() => void onRun(step)}
            >
              {i === 0 ? verb : `${verb} up to here`}
            </Button>
          </li>
        ))}
      </ol>
    </section>
  );
}
