/** The form for a new task. Its content is kept as a draft until the task is created. */
import { Button, Group, NativeSelect, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useDraft } from '@/features/task-editing/drafts';
import { keepNewTask, settleNewTask } from '@/features/task-editing/queuedCreates';
import { clearPendingId, idForCreate } from '@/features/task-editing/taskIds';
import { useCreateTask } from '@/features/task-editing/useCreateTask';
import { taskCreatedHere } from '@/features/tasks/listEvents';
import { ExpiryField } from '@/features/expiry/ExpiryField';
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
}

const DEFAULT_CHOICES: Choices = { status: 'TODO', priority: 'NONE', expiresAt: null };

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
  const { title, description, choices, errors, saving, setTitle, setDescription, setChoices, submit } =
    useCreateTaskForm(onClose);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={t('tasks.field.title')}
          data-autofocus
          required
          maxLength={500}
          readOnly={saving}
          value={title}
          error={errors['title']}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Textarea
          label={t('tasks.field.description')}
          autosize
          minRows={4}
          maxRows={12}
          maxLength={10_000}
          readOnly={saving}
          value={description}
          error={errors['description']}
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
        <ExpiryField value={choices.expiresAt} onChange={(expiresAt) => setChoices({ expiresAt })} />
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit" loading={saving}>
            {t('tasks.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function useCreateTaskForm(onCreated: () => void) {
  const createTask = useCreateTask();
  const [titleDraft, setTitleDraft] = useDraft('new.title');
  const [descriptionDraft, setDescriptionDraft] = useDraft('new.description');
  const [choicesDraft, setChoicesDraft] = useDraft('new.choices');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [saving, setSaving] = useState(false);

  const title = titleDraft?.text ?? '';
  const description = descriptionDraft?.text ?? '';
  const choices: Choices = {
    ...DEFAULT_CHOICES,
    ...(choicesDraft && (JSON.parse(choicesDraft.text) as Partial<Choices>)),
  };
  const submit = async () => {
    if (saving) return;
    setSaving(true);
    const input = { title, description, ...choices };
    const task = { id: idForCreate(input), ...input };
    keepNewTask(task);
    const outcome = await createTask(task);
    const wasInForm = settleNewTask(task, outcome);
    setSaving(false);
    if (outcome.kind === 'created' && outcome.task) taskCreatedHere.set(outcome.task);
    if (!wasInForm) return;
    if (outcome.kind === 'refused') return setErrors(outcome.errors);
    if (outcome.kind === 'unsaved') return setErrors({ title: outcome.message });
    setErrors({});
    clearPendingId();
    onCreated();
  };
  return {
    title,
    description,
    choices,
    errors,
    saving,
    // The task does not exist yet, so its drafts have no version.
    setTitle: (text: string) => setTitleDraft({ text, version: 0 }),
    setDescription: (text: string) => setDescriptionDraft({ text, version: 0 }),
    setChoices: (changes: Partial<Choices>) =>
      setChoicesDraft({ text: JSON.stringify({ ...choices, ...changes }), version: 0 }),
    submit,
  };
}
