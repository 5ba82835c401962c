/** A task for a person who may only read: its fields as text. Drafts from before are kept, but not shown. */
import { Input, SimpleGrid, Stack, Text } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { MarkdownText } from '@/features/markdown/MarkdownText';
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { Labels } from '@/features/tasks/TaskBadges';
import { useTaskList } from '@/features/tasks/taskLists';
import type { TaskFieldsFragment } from '@/gql';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { TaskTimes } from './TaskTimes';

export function ReadOnlyTask({ task }: { task: TaskFieldsFragment }) {
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed" role="note">
        {t('session.readOnly')}
      </Text>
      <Field label={t('tasks.field.title')}>
        <Text fw={600} dir="auto" style={{ overflowWrap: 'anywhere' }}>
          {task.title}
        </Text>
      </Field>
      {task.description && (
        <Field label={t('tasks.field.description')}>
          <MarkdownText text={task.description} />
        </Field>
      )}
      <SimpleGrid minColWidth="9.5rem" autoFlow="auto-fit" spacing="md">
        <Field label={t('tasks.field.status')}>{STATUS_LABELS[task.status]}</Field>
        <Field label={t('tasks.field.priority')}>{PRIORITY_LABELS[task.priority]}</Field>
      </SimpleGrid>
      <ReadOnlyDetails task={task} />
      {task.expiresAt && <Field label={t('bulk.expiry')}>{formatLongDate(task.expiresAt)}</Field>}
      <TaskTimes task={task} />
    </Stack>
  );
}

function ReadOnlyDetails({ task: { listId, assignee, labels, dueAt } }: { task: TaskFieldsFragment }) {
  const list = useTaskList(listId);
  return (
    <>
      {list && (
        <Field label={t('tasks.field.listId')}>
          <span dir="auto">{list.name}</span>
        </Field>
      )}
      {assignee !== null && (
        <Field label={t('tasks.field.assignee')}>
          <span dir="auto">{assignee}</span>
        </Field>
      )}
      {labels.length > 0 && (
        <Field label={t('tasks.field.labels')}>
          <Labels labels={labels} />
        </Field>
      )}
      {dueAt && <Field label={t('tasks.field.dueAt')}>{formatLongDate(dueAt)}</Field>}
    </>
  );
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    <Input.Wrapper id={id} role="group" aria-labelledby={`${id}-label`} label={label} labelElement="div">
      <div>{children}</div>
    </Input.Wrapper>
  );
}
