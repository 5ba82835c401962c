/** The trash: a dialog over the list with the deleted tasks, newest deletion first. The URL says that it is open. */
import { useApolloClient } from '@apollo/client/react';
import { Button, Group, Text } from '@mantine/core';
import { useCallback, useState } from 'react';
import { checkCanWrite, useCanWrite } from '@/features/identity/permissions';
import { nameTasks } from '@/features/task-editing/changeLabels';
import { handleUndoKeys } from '@/features/task-editing/undoToast';
import { restoreTasks } from '@/features/task-editing/useDeleteTasks';
import { Dialog } from '@/ui/Dialog';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { DeletedTaskList } from './DeletedTaskList';
import styles from './TrashDialog.module.css';
import { type DeletedTasks, useDeletedTasks } from './useDeletedTasks';

/** The largest number of tasks that one mutation accepts. */
const MAX_RESTORED = 1_000;

export function TrashDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={t('trash.title')}
      size={820}
      closeButtonProps={{ 'aria-label': t('trash.close') }}
      classNames={{ body: styles.body }}
      onKeyDown={handleUndoKeys}
    >
      <Trash />
    </Dialog>
  );
}

function Trash() {
  const trash = useDeletedTasks();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const restore = useRestore(trash, setSelected);
  const canWrite = useCanWrite();
  const shown = trash.loaded.tasks.filter(({ task }) => selected.has(task.id)).map(({ task }) => task.id);
  return (
    <>
      <Group justify="space-between" mih={30} gap="sm">
        <Text size="sm" c="dimmed">
          {t('trash.explanation')}
        </Text>
        {canWrite && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="undo" />}
            disabled={shown.length === 0}
            onClick={() => restore(shown)}
          >
            {shown.length === 0 ? t('trash.restoreSelected') : t('trash.restoreCount', { count: shown.length })}
          </Button>
        )}
      </Group>
      {trash.error !== undefined && <LoadError trash={trash} message={trash.error} />}
      {trash.complete && trash.loaded.tasks.length === 0 ? (
        <Text c="dimmed" ta="center" py={60} role="status">
          {t('trash.empty')}
        </Text>
      ) : (
        <DeletedTaskList trash={trash} selected={selected} onSelect={setSelected} onRestore={restore} />
      )}
    </>
  );
}

function LoadError({ trash, message }: { trash: DeletedTasks; message: string }) {
  return (
    <Group role="alert" gap="sm" className={styles.error}>
      <Text size="sm">
        {trash.complete ? t('trash.outdated') : t('trash.notLoaded')} {message}
      </Text>
      <Button size="compact-sm" variant="default" onClick={trash.refresh}>
        {t('actions.tryAgain')}
      </Button>
    </Group>
  );
}

/** Return the function that restores tasks, up to 1,000 in each mutation, and removes them from the trash. */
function useRestore(trash: DeletedTasks, setSelected: (ids: ReadonlySet<string>) => void) {
  const client = useApolloClient();
  const { loaded, remove } = trash;
  return useCallback(
    async (ids: string[]) => {
      if (!checkCanWrite()) return;
      const tasks = loaded.tasks.filter(({ task }) => ids.includes(task.id)).map(({ task }) => task);
      for (let start = 0; start < tasks.length; start += MAX_RESTORED) {
        const part = tasks.slice(start, start + MAX_RESTORED);
        const record = { origin: 'change' as const, label: t('history.restored', { tasks: nameTasks(part) }) };
        const restored = await restoreTasks(
          client,
          part.map(({ id }) => id),
          record,
        );
        remove(restored);
      }
      setSelected(new Set());
    },
    [client, loaded, remove, setSelected],
  );
}
