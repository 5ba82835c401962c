/** The changes of this tab: those that can be redone, and those that can be undone, each up to any point. */
import { Button, Stack, Text, Title } from '@mantine/core';
import { changeHistory, redoUpTo, undoUpTo, type UndoStep } from '@/features/task-editing/undoStack';
import { handleUndoKeys } from '@/features/task-editing/undoToast';
import { Dialog } from '@/ui/Dialog';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './HistoryDialog.module.css';

const UNDO = {
  one: () => t('actions.undo'),
  many: () => t('history.undoUpToHere'),
  nameOfOne: ({ label }: UndoStep) => t('history.undoStep', { label }),
  nameOfMany: ({ label }: UndoStep, count: number) => t('history.undoSteps', { label, count }),
};
const REDO: typeof UNDO = {
  one: () => t('actions.redo'),
  many: () => t('history.redoUpToHere'),
  nameOfOne: ({ label }) => t('history.redoStep', { label }),
  nameOfMany: ({ label }, count) => t('history.redoSteps', { label, count }),
};

export function HistoryDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t('history.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('actions.close') }}
      onKeyDown={handleUndoKeys}
    >
      <ChangeLists />
    </Dialog>
  );
}

function ChangeLists() {
  const { done, undone } = useStore(changeHistory);
  if (done.length + undone.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('history.empty')}
      </Text>
    );
  }
  return (
    <Stack gap="lg">
      {undone.length > 0 && (
        <Changes name={t('history.undone')} steps={undone.toReversed()} texts={REDO} onRun={redoUpTo} />
      )}
      {done.length > 0 && (
        <Changes name={t('history.latest')} steps={done.toReversed()} texts={UNDO} onRun={undoUpTo} />
      )}
    </Stack>
  );
}

interface ChangesProps {
  name: string;
  /** The next one to undo or redo is first. */
  steps: UndoStep[];
  texts: typeof UNDO;
  onRun: (step: UndoStep) => Promise<void>;
}

function Changes({ name, steps, texts, onRun }: ChangesProps) {
  return (
    <section aria-label={name}>
      <Title order={3} size="h6" c="dimmed" mb={4}>
        {name}
      </Title>
      <ol className={styles.list}>
        {steps.map((step, i) => (
          <li key={step.key} className={styles.change}>
            <span>{step.label}</span>
            <Button
              size="compact-xs"
              variant="default"
              aria-label={i === 0 ? texts.nameOfOne(step) : texts.nameOfMany(step, i + 1)}
              onClick={() => void onRun(step)}
            >
              {i === 0 ? texts.one() : texts.many()}
            </Button>
          </li>
        ))}
      </ol>
    </section>
  );
}
