/** What the drawer shows in place of a task that does not exist: when it was deleted, and how to restore it. */
import { useApolloClient, useQuery } from '@apollo/client/react';
import { Button, Stack, Text } from '@mantine/core';
import { useCanWrite } from '@/features/identity/permissions';
import { nameTasks } from '@/features/task-editing/changeLabels';
import { restoreTasks } from '@/features/task-editing/useDeleteTasks';
import { deletionText, removalText } from '@/features/trash/deletedTasks';
import { DeletedTaskDocument } from '@/gql';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';

export function MissingTask({ id }: { id: string }) {
  const client = useApolloClient();
  const canWrite = useCanWrite();
  // Not cached: the list must not find the deleted task in the cache.
  const { data, loading, error } = useQuery(DeletedTaskDocument, { variables: { id }, fetchPolicy: 'no-cache' });
  const deleted = data?.deletedTask;
  if (loading) return <Text c="dimmed">{t('drawer.looking')}</Text>;
  if (error) return <Text c="var(--bad)">{t('drawer.notLoaded', { reason: error.message })}</Text>;
  if (!deleted) return <Text c="dimmed">{t('drawer.missing')}</Text>;
  const deletion = deletionText(deleted);
  const removal = removalText(deleted);
  const restore = () =>
    restoreTasks(client, [id], {
      origin: 'change',
      label: t('history.restored', { tasks: nameTasks([deleted.task]) }),
    });
  return (
    <Stack align="flex-start">
      <Text fw={600} dir="auto" style={{ overflowWrap: 'anywhere' }}>
        {deleted.task.title}
      </Text>
      <Text c="dimmed" size="sm">
        {t('drawer.inTrash', {
          deletion: deletion.text,
          deletionTime: deletion.exact,
          removal: removal.text,
          removalTime: removal.exact,
        })}
      </Text>
      {canWrite && (
        <Button size="xs" leftSection={<Icon name="undo" />} onClick={() => void restore()}>
          {t('actions.restore')}
        </Button>
      )}
    </Stack>
  );
}
