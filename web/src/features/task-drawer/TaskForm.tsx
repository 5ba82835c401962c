/** The fields of a task. Text is saved when its field loses the focus, and a choice when it is made. */
import { useFragment } from '@apollo/client/react';
import { Button, Group, NativeSelect, SimpleGrid, Stack, Textarea } from '@mantine/core';
import { useLayoutEffect, useRef, useState } from 'react';
import { GoneTaskNotice } from '@/features/gone-task/GoneTaskNotice';
import { useCanWrite } from '@/features/identity/permissions';
import { type GoneReason, useGoneTask } from '@/features/task-editing/goneTasks';
import { useDeleteTasks } from '@/features/task-editing/useDeleteTasks';
import { useUpdateTasks } from '@/features/task-editing/useUpdateTasks';
import { DateTimeField } from '@/features/date-time/DateTimeField';
import { PickedFields } from '@/features/field-picker/PickedFields';
import { titleEditWanted } from '@/features/tasks/openTask';
import { PRIORITY_LABELS, selectOptions, STATUS_LABELS } from '@/features/tasks/labels';
import {
  type TaskDetailQuery,
  type TaskFieldsFragment,
  TaskFieldsFragmentDoc,
  type TaskPriority,
  type TaskStatus,
} from '@/gql';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { DescriptionField } from './DescriptionField';
import { DraftNotice } from './DraftNotice';
import { ReadOnlyTask } from './ReadOnlyTask';
import { TaskTimes } from './TaskTimes';
import { type TextFieldState, useTextField } from './useTextField';

interface Props {
  task: NonNullable<TaskDetailQuery['task']>;
  /** Why the task is gone. Undefined while it exists. */
  goneReason: GoneReason | undefined;
  onClose: () => void;
}

export function TaskForm({ task, goneReason, onClose }: Props) {
  const { data, complete } = useFragment({ fragment: TaskFieldsFragmentDoc, fragmentName: 'TaskFields', from: task });
  const [lastSeen, setLastSeen] = useState(complete ? data : undefined);
  if (complete && data !== lastSeen) setLastSeen(data);
  const shown = complete ? data : lastSeen;
  const canWrite = useCanWrite();
  if (shown && !canWrite && !goneReason) return <ReadOnlyTask task={shown} />;
  return shown ? <TaskFieldInputs task={shown} goneReason={goneReason} onClose={onClose} /> : null;
}

/** The kept text of a task that was gone before the drawer was opened. */
export function GoneTaskForm({ id, reason, onClose }: { id: string; reason: GoneReason; onClose: () => void }) {
  const { title = '', description = '', version = 0 } = useGoneTask(id)?.lastSeen ?? {};
  return (
    <Stack gap="md">
      <GoneTaskNotice id={id} reason={reason} onDone={onClose} />
      <TextInputs task={{ id, title, description, version }} isGone />
    </Stack>
  );
}

interface InputsProps extends Omit<Props, 'task'> {
  task: TaskFieldsFragment;
}

function TaskFieldInputs({ task, goneReason, onClose }: InputsProps) {
  return (
    <Stack gap="md">
      {goneReason && <GoneTaskNotice id={task.id} reason={goneReason} onDone={onClose} />}
      <TextInputs task={task} isGone={goneReason !== undefined} />
      {!goneReason && <ChoiceInputs task={task} />}
      {!goneReason && <FormFooter task={task} onClose={onClose} />}
    </Stack>
  );
}

type TextTask = Pick<TaskFieldsFragment, 'id' | 'title' | 'description' | 'version'>;

function TextInputs({ task, isGone }: { task: TextTask; isGone: boolean }) {
  const title = useTextField(task, 'title');
  const description = useTextField(task, 'description');
  return (
    <>
      <TitleInput field={isGone ? keptOnly(title) : title} />
      <DescriptionField field={isGone ? keptOnly(description) : description} hasDraft={description.unsaved} />
    </>
  );
}

/** The text of a task that is gone is kept as a draft, and cannot be saved in the task. */
function keptOnly(field: TextFieldState): TextFieldState {
  return { ...field, unsaved: false, save: () => {}, leave: () => {} };
}

function ChoiceInputs({ task }: { task: TaskFieldsFragment }) {
  const updateTasks = useUpdateTasks();
  return (
    <>
      <SimpleGrid minColWidth="9.5rem" autoFlow="auto-fit" spacing="md">
        <NativeSelect
          label={t('tasks.field.status')}
          data={selectOptions(STATUS_LABELS)}
          value={task.status}
          onChange={(event) => void updateTasks([{ id: task.id, status: event.currentTarget.value as TaskStatus }])}
        />
        <NativeSelect
          label={t('tasks.field.priority')}
          data={selectOptions(PRIORITY_LABELS)}
          value={task.priority}
          onChange={(event) => void updateTasks([{ id: task.id, priority: event.currentTarget.value as TaskPriority }])}
        />
      </SimpleGrid>
      <PickedFields values={task} onChange={(fields) => void updateTasks([{ id: task.id, ...fields }])} />
      <DateTimeField
        field="expiresAt"
        value={task.expiresAt}
        onChange={(expiresAt) => void updateTasks([{ id: task.id, expiresAt }])}
      />
    </>
  );
}

function TitleInput({ field }: { field: TextFieldState }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const editWanted = useStore(titleEditWanted);
  useLayoutEffect(() => {
    if (!editWanted) return;
    titleEditWanted.set(false);
    input.current?.focus();
  }, [editWanted]);
  return (
    <Textarea
      ref={input}
      label={t('tasks.field.title')}
      data-autofocus
      autosize
      maxRows={6}
      maxLength={500}
      value={field.value}
      onChange={(event) => field.change(event.currentTarget.value.replaceAll('\n', ' '))}
      onBlur={field.leave}
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

function FormFooter({ task, onClose }: { task: TaskFieldsFragment; onClose: () => void }) {
  const deleteTasks = useDeleteTasks();
  const deleteTask = () => {
    onClose();
    void deleteTasks([{ id: task.id, expectedVersion: task.version }]);
  };
  return (
    <Group justify="space-between" align="flex-end" mt="xs" wrap="nowrap">
      <TaskTimes task={task} />
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="trash" />}
        onClick={deleteTask}
        style={{ flexShrink: 0 }}
      >
        {t('actions.delete')}
      </Button>
    </Group>
  );
}
