/** The form for a new task. Its content is kept as a draft, and sent by the outbox: the form never waits for an answer. */
import { Button, Group, NativeSelect, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { SignedOutNotice } from '@/features/identity/SignedOutNotice';
import { useState } from 'react';
import { useDraft } from '@/features/task-editing/drafts';
import { useFormTextWaits } from '@/features/task-editing/outbox';
import { submitForm } from '@/features/task-editing/queuedCreates';
import { DateTimeField } from '@/features/date-time/DateTimeField';
import { PickedFields } from '@/features/field-picker/PickedFields';
import { PRIORITY_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import type { TaskPriority, TaskStatus } from '@/gql';
import { Dialog } from '@/ui/Dialog';
import { t } from '@/ui/messages';

interface Props {
  opened: boolean;
  onClose: () => void;
}

interface Choices {
  status: TaskStatus;
  priority: TaskPriority;
  expiresAt: string | null;
  dueAt: string | null;
  assignee: string | null;
  labels: string[];
  listId: string | null;
}

const DEFAULT_CHOICES: Choices = {
  status: 'TODO',
  priority: 'NONE',
  expiresAt: null,
  dueAt: null,
  assignee: null,
  labels: [],
  listId: null,
};

export function CreateTaskDialog({ opened, onClose }: Props) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t('tasks.new')}
      size="lg"
      centered
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <CreateTaskForm onClose={onClose} />
    </Dialog>
  );
}

function CreateTaskForm({ onClose }: { onClose: () => void }) {
  const { title, description, choices, error, setTitle, setDescription, setChoices, submit } =
    useCreateTaskForm(onClose);
  const textWaits = useFormTextWaits();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('tasks.field.title')}
          data-autofocus
          required
          maxLength={500}
          value={title}
          error={error}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Textarea
          label={t('tasks.field.description')}
          autosize
          minRows={4}
          maxRows={12}
          maxLength={10_000}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <SimpleGrid minColWidth="9.5rem" autoFlow="auto-fit" spacing="sm">
          <NativeSelect
            label={t('tasks.field.status')}
            data={selectOptions(STATUS_LABELS)}
            value={choices.status}
            onChange={(event) => setChoices({ status: event.currentTarget.value as TaskStatus })}
          />
          <NativeSelect
            label={t('tasks.field.priority')}
            data={selectOptions(PRIORITY_LABELS)}
            value={choices.priority}
            onChange={(event) => setChoices({ priority: event.currentTarget.value as TaskPriority })}
          />
        </SimpleGrid>
        <PickedFields values={choices} onChange={setChoices} />
        <DateTimeField
          field="expiresAt"
          value={choices.expiresAt}
          onChange={(expiresAt) => setChoices({ expiresAt })}
        />
        {textWaits && (
          <Text size="sm" c="dimmed" role="status">
            {t('editing.formTextWaits')}
          </Text>
        )}
        <SignedOutNotice />
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit">{t('tasks.create')}</Button>
        </Group>
      </Stack>
    </form>
  );
}

function useCreateTaskForm(onSubmitted: () => void) {
  const [titleDraft, setTitleDraft] = useDraft('new.title');
  const [descriptionDraft, setDescriptionDraft] = useDraft('new.description');
  const [choicesDraft, setChoicesDraft] = useDraft('new.choices');
  const [error, setError] = useState<string>();

  const title = titleDraft?.text ?? '';
  const description = descriptionDraft?.text ?? '';
  const choices: Choices = {
    ...DEFAULT_CHOICES,
    ...(choicesDraft && (JSON.parse(choicesDraft.text) as Partial<Choices>)),
  };
  const submit = () => {
    if (!title.trim()) return setError(t('editing.titleMissing'));
    submitForm({ title, description, ...choices });
    onSubmitted();
  };
  return {
    title,
    description,
    choices,
    error,
    // The task does not exist yet, so its drafts have no version.
    setTitle: (text: string) => {
      setError(undefined);
      setTitleDraft({ text, version: 0 });
    },
    setDescription: (text: string) => setDescriptionDraft({ text, version: 0 }),
    setChoices: (changes: Partial<Choices>) =>
      setChoicesDraft({ text: JSON.stringify({ ...choices, ...changes }), version: 0 }),
    submit,
  };
}
