/** One task with all its fields, beside the list; its id is in the URL. */
import { skipToken, useQuery } from '@apollo/client/react';
import { Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { TaskDetailDocument } from '@/gql';
import { TaskForm } from './TaskForm';
import { useOpened } from '@/ui/useOpenedAfterMount';

interface Props {
  id: string | null;
  onClose: () => void;
}

export function TaskDrawer({ id, onClose }: Props) {
  // What was open stays while the drawer slides away.
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id);
  const close = () => {
    // Leaving a field saves it.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    onClose();
  };
  return (
    <Drawer
      opened={useOpened(id !== null)}
      onClose={close}
      position="right"
      size={520}
      title="Task"
      padding="lg"
      overlayProps={{ backgroundOpacity: 0.12 }}
      transitionProps={{ duration: 120 }}
      closeButtonProps={{ 'aria-label': 'Close task' }}
    >
      {shown !== null && <Detail key={shown} id={shown} open={id !== null} onClose={close} />}
    </Drawer>
  );
}

function Detail({ id, open, onClose }: { id: string; open: boolean; onClose: () => void }) {
  const { data, error, dataState } = useQuery(TaskDetailDocument, open ? { variables: { id } } : skipToken);
  if (data?.task) return <TaskForm task={data.task} onClose={onClose} />;
  if (error) return <Text c="var(--bad)">Could not load this task: {error.message}</Text>;
  if (open && dataState === 'complete') {
    return <Text c="dimmed">This task is gone: it was deleted, or it has expired.</Text>;
  }
  return (
    <Stack aria-busy="true">
      <Skeleton height={34} />
      <Skeleton height={160} />
      <Skeleton height={34} />
    </Stack>
  );
}
