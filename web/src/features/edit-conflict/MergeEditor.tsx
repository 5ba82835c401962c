/** Edits a text that starts with the changes of both sides. What is typed is kept as the draft of its field. */
import { Button, Group, Stack, Textarea } from '@mantine/core';
import { draftKey, setDraftStatus, writeDraft } from '@/features/task-editing/drafts';
import type { EditConflict } from '@/features/task-editing/editConflicts';
import { TEXT_FIELDS, type TextField } from '@/features/task-editing/fieldConflicts';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { t } from '@/ui/messages';
import { conflictFields } from './conflictFields';
import { FIELD_LABELS } from './fieldLabels';
import { mergeTexts } from './textDiff';

const MAX_LENGTH: Record<TextField, number> = { title: 500, description: 10_000 };

export type MergedTexts = Partial<Record<TextField, string>>;

interface Props {
  conflict: EditConflict;
  texts: MergedTexts;
  onChange: (texts: MergedTexts) => void;
  onBack: () => void;
  onDone: () => void;
}

export function MergeEditor({ conflict, texts, onChange, onBack, onDone }: Props) {
  const { mine, theirs } = conflict;
  const updateTasks = useUpdateTasks();
  const change = (field: TextField, value: string) => {
    const text = field === 'title' ? value.replaceAll('\n', ' ') : value;
    onChange({ ...texts, [field]: text });
    keepInConflict(conflict, field, text);
  };
  const isTooLong = TEXT_FIELDS.some((field) => (texts[field]?.length ?? 0) > MAX_LENGTH[field]);
  const isEmpty = texts.title?.trim() === '';
  const save = () => {
    if (isTooLong || isEmpty) return;
    onDone();
    for (const field of TEXT_FIELDS) {
      const text = texts[field];
      // The draft is the combined text now. The earlier text must not be sent after it.
      if (text !== undefined)
        writeDraft(draftKey(mine.id, field), { text, version: theirs.version, base: theirs[field] });
    }
    const title = texts.title?.trim();
    const edit = { ...mine, ...texts, ...(title === undefined ? {} : { title }), expectedVersion: theirs.version };
    void updateTasks([edit], { successMessage: t('conflict.combinedSaved'), ...conflict.options });
  };
  return (
    <Stack
      gap="md"
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
      }}
    >
      {TEXT_FIELDS.filter((field) => texts[field] !== undefined).map((field, i) => (
        <Textarea
          key={field}
          label={t('conflict.combined', { field: FIELD_LABELS[field] })}
          autoFocus={i === 0}
          autosize
          minRows={field === 'title' ? 1 : 4}
          maxRows={16}
          value={texts[field]}
          error={errorOf(field, texts[field] ?? '')}
          onChange={(event) => change(field, event.currentTarget.value)}
        />
      ))}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onBack}>
          {t('conflict.back')}
        </Button>
        <Button onClick={save} disabled={isTooLong || isEmpty}>
          {t('conflict.saveCombined')}
        </Button>
      </Group>
    </Stack>
  );
}

/** Keep a text as a draft that still conflicts: sending it asks again which text to keep. */
export function keepInConflict({ mine, base, theirs }: EditConflict, field: TextField, text: string): void {
  const key = draftKey(mine.id, field);
  const version = mine.expectedVersion ?? theirs.version - 1;
  writeDraft(key, { text, version, ...(base[field] === undefined ? {} : { base: base[field] }) });
  setDraftStatus([key], { kind: 'conflict' });
}

export function mergedTexts(conflict: EditConflict): MergedTexts {
  const { mine, base, theirs } = conflict;
  const fields = TEXT_FIELDS.filter((field) => conflictFields(conflict).includes(field));
  return Object.fromEntries(fields.map((field) => [field, mergeTexts(base[field], mine[field] ?? '', theirs[field])]));
}

function errorOf(field: TextField, text: string): string | undefined {
  if (field === 'title' && !text.trim()) return t('conflict.titleNeeded');
  const limit = MAX_LENGTH[field];
  return text.length > limit ? t('conflict.tooLong', { length: text.length, limit }) : undefined;
}
