/** Says that a task is gone and that its text is kept, and offers what can be done with the text. */
import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { discardKeptText, type GoneReason, keptText } from '@/features/task-editing/goneTasks';
import { useKeptText } from '@/features/task-editing/useKeptText';
import { copyText } from '@/ui/copyText';
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { useDraftedTaskIds } from './useDraftedTaskIds';
import styles from './GoneTaskNotice.module.css';

const REASONS: Record<GoneReason, () => string> = {
  deleted: () => t('goneTask.deleted'),
  expired: () => t('goneTask.expired'),
  unknown: () => t('goneTask.unknown'),
  lost: () => t('goneTask.lost'),
};

interface Props {
  id: string;
  reason: GoneReason;
  /** Called when the text was saved as another task, or discarded. */
  onDone: () => void;
  onRestored?: () => void;
}

export function GoneTaskNotice({ id, reason, onDone, onRestored }: Props) {
  const { restore, saveAsNew } = useKeptText(id);
  const [working, setWorking] = useState(false);
  const unsaved = useDraftedTaskIds().includes(id);
  const restorable = reason === 'deleted' || reason === 'unknown';
  const run = async (action: () => Promise<boolean>, onSuccess?: () => void) => {
    setWorking(true);
    const succeeded = await action();
    setWorking(false);
    if (succeeded) onSuccess?.();
  };
  return (
    <div className={styles.notice}>
      <Text size="sm" role="alert">
        {REASONS[reason]()} {unsaved && t('goneTask.kept')}
      </Text>
      {/* A click does not take the focus from the field, so the person can go on typing. */}
      <Group gap={8} onMouseDown={(event) => event.preventDefault()}>
        {restorable && (
          <Button size="compact-sm" variant="default" disabled={working} onClick={() => void run(restore, onRestored)}>
            {unsaved ? t('goneTask.restoreAndSave') : t('actions.restore')}
          </Button>
        )}
        <Button size="compact-sm" variant="default" disabled={working} onClick={() => void run(saveAsNew, onDone)}>
          {t('goneTask.saveAsNew')}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => void copy(id)}>
          {t('goneTask.copyText')}
        </Button>
        {unsaved && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => {
              discardKeptText(id);
              onDone();
            }}
          >
            {t('goneTask.discardText')}
          </Button>
        )}
      </Group>
    </div>
  );
}

async function copy(id: string): Promise<void> {
  const { title, description } = keptText(id);
  const text = [title, description].filter((part) => part !== '').join('\n\n');
  if (await copyText(text)) showToast(t('goneTask.copied'));
  else showErrorToast(t('goneTask.notCopied'));
}
