/** The fields of a task, each saved when it is left or chosen. */
import { useFragment } from '@apollo/client/react';
import { Button, Group, NativeSelect, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { Icon } from '@/ui/icons';
import { longDate, options, PRIORITY, STATUS } from '@/ui/format';
import {
  type TaskDetailQuery,
  type TaskFieldsFragment,
  TaskFieldsFragmentDoc,
  type TaskPriority,
  type TaskStatus,
} from '@/gql';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { ExpiryField } from '@/features/tasks/ExpiryField';
import { type TextField, useTextField } from './useTextField';

interface Props {
  task: NonNullable<TaskDetailQuery['task']>;
  onClose: () => void;
}

export function TaskForm({ task, onClose }: Props) {
  const { data, complete } = useFragment({ fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', from: task });
  return complete ? <Fields task={data} onClose={onClose} /> : null;
}

function Fields({ task, onClose }: { task: TaskFieldsFragment; onClose: () => void }) {
  const title = useTextField(task, 'title');
  const description = useTextField(task, 'description');
  const updateTasks = useUpdateTasks();
  const deleteTasks = useDeleteTasks();
  const remove = () => {
    onClose();
    void deleteTasks([{ id: task.id, expectedVersion: task.version }]);
  };
  return (
    <Stack gap="md">
      <Textarea
        label="Title"
        data-autofocus
        autosize
        maxRows={6}
        maxLength={500}
        value={title.value}
        onChange={(event) => title.change(event.currentTarget.value.replaceAll('\n', ' '))}
        onBlur={title.save}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          title.save();
        }}
        description={<Notice field={title} />}
        inputWrapperOrder={['label', 'input', 'description']}
        styles={{ input: { fontWeight: 600, fontSize: '0.9375rem' } }}
      />
      <Textarea
        label="Description"
        placeholder="What is to be done, and why"
        autosize
        minRows={5}
        maxRows={16}
        maxLength={10_000}
        value={description.value}
        onChange={(event) => description.change(event.currentTarget.value)}
        onBlur={description.save}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) description.save();
        }}
        description={<Notice field={description} />}
        inputWrapperOrder={['label', 'input', 'description']}
      />
      <SimpleGrid cols={2} spacing="md">
        <NativeSelect
          label="Status"
          data={options(STATUS)}
          value={task.status}
          onChange={(event) => void updateTasks([{ id: task.id, status: event.currentTarget.value as TaskStatus }])}
        />
        <NativeSelect
          label="Priority"
          data={options(PRIORITY)}
          value={task.priority}
          onChange={(event) => void updateTasks([{ id: task.id, priority: event.currentTarget.value as TaskPriority }])}
        />
      </SimpleGrid>
      <ExpiryField value={task.expiresAt} onChange={(expiresAt) => void updateTasks([{ id: task.id, expiresAt }])} />
      <Group justify="space-between" align="flex-end" mt="xs" wrap="nowrap">
        <Text size="xs" c="dimmed" component="div">
          <div>Created {longDate(task.createdAt)}</div>
          <div>
            Changed {longDate(task.updatedAt)} · version {task.version}
          </div>
        </Text>
        <Button variant="default" size="xs" leftSection={<Icon name="trash" />} onClick={remove}>
          Delete
        </Button>
      </Group>
    </Stack>
  );
}

/** Not saved yet, or overtaken; nothing when all is well. */
function Notice({ field }: { field: TextField }) {
  if (!field.dirty) return null;
  return (
    <span style={{ color: field.overtaken ? 'var(--soon)' : undefined }}>
      {field.overtaken ? 'Somebody has changed this task since you began. ' : 'Not saved yet. '}
      <button
        type="button"
        onMouseDown={(event) => event.preventDefault()}
        onClick={field.drop}
        style={{
          padding: 0,
          border: 0,
          background: 'none',
          font: 'inherit',
          color: 'var(--accent)',
          cursor: 'pointer',
        }}
      >
        Drop what I typed
      </button>
    </span>
  );
}
