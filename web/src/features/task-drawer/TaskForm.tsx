/** The fields of a task. Text is saved when its field loses the focus, and a choice when it is made. */
import { useFragment } from '@apollo/client/react';
import { Button, Group, NativeSelect, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { ExpiryField } from '@/features/tasks/ExpiryField';
import { PRIORITY_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import {
  type TaskDetailQuery,
  type TaskFieldsFragment,
  TaskFieldsFragmentDoc,
  type TaskPriority,
  type TaskStatus,
} from '@/gql';
import { formatLongDate } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { DraftNotice } from './DraftNotice';
import { type TextField, useTextField } from './useTextField';

interface Props {
  task: NonNullable<TaskDetailQuery['task']>;
  onClose: () => void;
}

export function TaskForm({ task, onClose }: Props) {
  const { data, complete } = useFragment({ fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', from: task });
  return complete ? <TaskFieldInputs task={data} onClose={onClose} /> : null;
}

function TaskFieldInputs({ task, onClose }: { task: TaskFieldsFragment; onClose: () => void }) {
  const title = useTextField(task, 'title');
  const description = useTextField(task, 'description');
  const updateTasks = useUpdateTasks();
  return (
    <Stack gap="md">
      <TitleInput field={title} />
      <DescriptionInput field={description} />
      <SimpleGrid cols={2} spacing="md">
        <NativeSelect
          label="Status"
          data={selectOptions(STATUS_LABELS)}
          value={task.status}
          onChange={(event) => void updateTasks([{ id: task.id, status: event.currentTarget.value as TaskStatus }])}
        />
        <NativeSelect
          label="Priority"
          data={selectOptions(PRIORITY_LABELS)}
          value={task.priority}
          onChange={(event) => void updateTasks([{ id: task.id, priority: event.currentTarget.value as TaskPriority }])}
        />
      </SimpleGrid>
      <ExpiryField value={task.expiresAt} onChange={(expiresAt) => void updateTasks([{ id: task.id, expiresAt }])} />
      <FormFooter task={task} onClose={onClose} />
    </Stack>
  );
}

function TitleInput({ field }: { field: TextField }) {
  return (
    <Textarea
      label="Title"
      data-autofocus
      autosize
      maxRows={6}
      maxLength={500}
      value={field.value}
      onChange={(event) => field.change(event.currentTarget.value.replaceAll('\n', ' '))}
      onBlur={field.save}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        field.save();
      }}
      description={<DraftNotice field={field} />}
      inputWrapperOrder={['label', 'input', 'description']}
      styles={{ input: { fontWeight: 600, fontSize: '0.9375rem' } }}
    />
  );
}

function DescriptionInput({ field }: { field: TextField }) {
  return (
    <Textarea
      label="Description"
      placeholder="Add a description"
      autosize
      minRows={5}
      maxRows={16}
      maxLength={10_000}
      value={field.value}
      onChange={(event) => field.change(event.currentTarget.value)}
      onBlur={field.save}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) field.save();
      }}
      description={<DraftNotice field={field} />}
      inputWrapperOrder={['label', 'input', 'description']}
    />
  );
}

function FormFooter({ task, onClose }: { task: TaskFieldsFragment; onClose: () => void }) {
  const deleteTasks = useDeleteTasks();
  const deleteTask = () => {
    onClose();
    void deleteTasks([{ id: task.id, expectedVersion: task.version }]);
  };
  return (
    <Group justify="space-between" align="flex-end" mt="xs" wrap="nowrap">
      <Text size="xs" c="dimmed" component="div">
        <div>Created {formatLongDate(task.createdAt)}</div>
        <div>
          Updated {formatLongDate(task.updatedAt)} · version {task.version}
        </div>
      </Text>
      <Button variant="default" size="xs" leftSection={<Icon name="trash" />} onClick={deleteTask}>
        Delete
      </Button>
    </Group>
  );
}
