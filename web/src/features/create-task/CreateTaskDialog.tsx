/** A new task. What is typed is kept until it is created, whatever happens in between. */
import { Button, Group, Modal, NativeSelect, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useDraft } from '@/features/task-editing/drafts';
import { forgetId, idOf } from '@/features/task-editing/taskIds';
import { options, PRIORITY, STATUS } from '@/ui/format';
import type { TaskPriority, TaskStatus } from '@/gql';
import { useCreateTask } from '@/features/task-editing/useCreateTask';
import { ExpiryField } from '@/features/tasks/ExpiryField';
import { useOpened } from '@/ui/useOpenedAfterMount';

interface Props {
  opened: boolean;
  onClose: () => void;
}

interface Choices {
  status: TaskStatus;
  priority: TaskPriority;
  expiresAt: string | null;
}

const FRESH: Choices = { status: 'TODO', priority: 'NONE', expiresAt: null };

export function CreateDialog({ opened, onClose }: Props) {
  return (
    <Modal
      opened={useOpened(opened)}
      onClose={onClose}
      title="New task"
      size="lg"
      centered
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const createTask = useCreateTask();
  const [title, setTitle] = useDraft('new.title');
  const [description, setDescription] = useDraft('new.description');
  const [chosen, setChosen] = useDraft('new.choices');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [saving, setSaving] = useState(false);

  const choices: Choices = { ...FRESH, ...(chosen && (JSON.parse(chosen.text) as Partial<Choices>)) };

  const create = async () => {
    if (saving) return;
    setSaving(true);
    const input = { title: title?.text ?? '', description: description?.text ?? '', ...choices };
    const wrong = await createTask({ id: idOf(input), ...input });
    setSaving(false);
    if (wrong) return setErrors(wrong);
    forgetId();
    for (const drop of [setTitle, setDescription, setChosen]) drop(undefined);
    onClose();
  };
  const set = (changes: Partial<Choices>) =>
    setChosen({ text: JSON.stringify({ ...choices, ...changes }), version: 0 });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void create();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Title"
          data-autofocus
          required
          maxLength={500}
          value={title?.text ?? ''}
          error={errors['title']}
          onChange={(event) => setTitle({ text: event.currentTarget.value, version: 0 })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={4}
          maxRows={12}
          maxLength={10_000}
          value={description?.text ?? ''}
          error={errors['description']}
          onChange={(event) => setDescription({ text: event.currentTarget.value, version: 0 })}
        />
        <SimpleGrid cols={2} spacing="sm">
          <NativeSelect
            label="Status"
            data={options(STATUS)}
            value={choices.status}
            onChange={(event) => set({ status: event.currentTarget.value as TaskStatus })}
          />
          <NativeSelect
            label="Priority"
            data={options(PRIORITY)}
            value={choices.priority}
            onChange={(event) => set({ priority: event.currentTarget.value as TaskPriority })}
          />
        </SimpleGrid>
        <ExpiryField value={choices.expiresAt} onChange={(expiresAt) => set({ expiresAt })} />
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={saving}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
