/** When a task was created and changed. */
import { Text } from '@mantine/core';
import type { TaskFieldsFragment } from '@/gql';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';

export function TaskTimes({ task }: { task: TaskFieldsFragment }) {
  return (
    <Text size="xs" c="dimmed" component="div">
      <div>{t('tasks.createdAt', { time: formatLongDate(task.createdAt) })}</div>
      <div>{t('tasks.updatedAt', { time: formatLongDate(task.updatedAt) })}</div>
    </Text>
  );
}
