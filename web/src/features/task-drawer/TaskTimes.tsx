/** When a task was created and changed, and by whom if that is known. */
import { Text } from '@mantine/core';
import { session } from '@/apollo/session';
import { nameOf } from '@/features/identity/nameOf';
import type { TaskFieldsFragment } from '@/gql';
import { isolate } from '@/ui/bidi';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';

export function TaskTimes({ task }: { task: TaskFieldsFragment }) {
  const { createdBy, updatedBy } = task;
  const { viewer } = useStore(session);
  const name = (actor: string) => isolate(viewer?.actor === actor ? nameOf(viewer) : actor);
  const [created, updated] = [formatLongDate(task.createdAt), formatLongDate(task.updatedAt)];
  return (
    <Text size="xs" c="dimmed" component="div" style={{ overflowWrap: 'anywhere' }}>
      <div>
        {createdBy === null
          ? t('tasks.createdAt', { time: created })
          : t('tasks.createdBy', { time: created, actor: name(createdBy) })}
      </div>
      <div>
        {updatedBy === null
          ? t('tasks.updatedAt', { time: updated })
          : t('tasks.updatedBy', { time: updated, actor: name(updatedBy) })}
      </div>
    </Text>
  );
}
