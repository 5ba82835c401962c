/** The fields in conflict, compared, and the ways to resolve the conflict. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { draftKey, readDraft, writeDraft } from '@/features/task-editing/drafts';
import type { EditConflict } from '@/features/task-editing/editConflicts';
import { editedFields, isTextField, TEXT_FIELDS } from '@/features/task-editing/fieldConflicts';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { rich, t } from '@/ui/messages';
import { showToast } from '@/ui/toast';
import { conflictFields, otherFields } from './conflictFields';
import { FieldComparison } from './FieldComparison';
import { keepInConflict, MergeEditor, mergedTexts } from './MergeEditor';
import styles from './VersionChoice.module.css';

interface Props {
  conflict: EditConflict;
  onDone: () => void;
}

export function VersionChoice({ conflict, onDone }: Props) {
  const [merging, setMerging] = useState(false);
  const [texts, setTexts] = useState(() => mergedTexts(conflict));
  const { keepMine, keepTheirs } = useChoices(conflict, onDone);
  const fields = conflictFields(conflict);
  if (merging) {
    const back = () => setMerging(false);
    return <MergeEditor conflict={conflict} texts={texts} onChange={setTexts} onBack={back} onDone={onDone} />;
  }
  return (
    <Stack gap="md">
      {/* The focus starts here and not on a button, so that a key that is still being typed decides nothing. */}
      <div
        className={styles.comparison}
        tabIndex={-1}
        data-autofocus
        role="group"
        aria-label={t('conflict.comparison')}
      >
        <Text size="sm">
          {rich('conflict.markedWords', {
            ins: (chunks) => <ins className={styles.added}>{chunks}</ins>,
            del: (chunks) => <del className={styles.removed}>{chunks}</del>,
          })}
        </Text>
        {fields.map((field) => (
          <FieldComparison key={field} field={field} conflict={conflict} />
        ))}
      </div>
      <Group justify="flex-end" gap="sm">
        {fields.some(isTextField) && (
          <Button variant="default" onClick={() => setMerging(true)}>
            {t('conflict.combine')}
          </Button>
        )}
        <Button variant="default" onClick={keepTheirs}>
          {t('conflict.keepTheirs')}
        </Button>
        <Button variant="default" onClick={keepMine}>
          {t('conflict.keepMine')}
        </Button>
      </Group>
    </Stack>
  );
}

function useChoices(conflict: EditConflict, onDone: () => void) {
  const updateTasks = useUpdateTasks();
  const { mine, theirs } = conflict;
  const keepMine = () => {
    onDone();
    void updateTasks([{ ...mine, expectedVersion: theirs.version }], {
      successMessage: t('conflict.mineSaved'),
      ...conflict.options,
    });
  };
  const keepTheirs = () => {
    onDone();
    discardDrafts(conflict);
    const rest = otherFields(conflict);
    if (editedFields(rest).length > 0) void updateTasks([{ ...rest, expectedVersion: theirs.version }]);
  };
  return { keepMine, keepTheirs };
}

/** Remove the drafts of the fields in conflict, with a message that can bring them back. */
function discardDrafts(conflict: EditConflict): void {
  const { mine } = conflict;
  const discarded = TEXT_FIELDS.filter((field) => conflictFields(conflict).includes(field)).flatMap((field) => {
    const key = draftKey(mine.id, field);
    const text = readDraft(key)?.text ?? mine[field];
    return typeof text === 'string' ? [{ key, field, text }] : [];
  });
  if (discarded.length === 0) return;
  for (const { key } of discarded) writeDraft(key, undefined);
  const bringBack = () => {
    for (const { field, text } of discarded) keepInConflict(conflict, field, text);
  };
  showToast(t('conflict.textDiscarded'), { label: t('conflict.bringBack'), run: bringBack });
}
