/** A panel beside the list with every field of one task. The URL holds the task's id. */
import { skipToken, useQuery } from '@apollo/client/react';
import { Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useDraftedTaskIds } from '@/features/gone-task/useDraftedTaskIds';
import { useGoneTask } from '@/features/task-editing/goneTasks';
import { TaskDetailDocument } from '@/gql';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { MissingTask } from './MissingTask';
import { GoneTaskForm, TaskForm } from './TaskForm';

interface Props {
  /** The open task, or null while the drawer is closed. */
  id: string | null;
  onClose: () => void;
}

export function TaskDrawer({ id, onClose }: Props) {
  // The closing drawer keeps its content while it slides away.
  const [shownId, setShownId] = useState(id);
  if (id !== null && id !== shownId) setShownId(id);
  const close = () => {
    // A field saves its text on blur.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    onClose();
  };
  return (
    <Drawer
      opened={useOpenedAfterMount(id !== null)}
      onClose={close}
      position="right"
      size={520}
      title="Task"
      padding="lg"
      overlayProps={{ backgroundOpacity: 0.12 }}
      transitionProps={{ duration: 120 }}
      closeButtonProps={{ 'aria-label': 'Close task' }}
    >
      {shownId !== null && <TaskDetail key={shownId} id={shownId} open={id !== null} onClose={close} />}
    </Drawer>
  );
}

function TaskDetail({ id, open, onClose }: { id: string; open: boolean; onClose: () => void }) {
  const { data, error, dataState } = useQuery(TaskDetailDocument, open ? { variables: { id } } : skipToken);
  const gone = useGoneTask(id);
  const drafted = useDraftedTaskIds().includes(id);
  // A task that disappears stays on screen, so that nothing that is being typed is lost.
  const [lastTask, setLastTask] = useState(data?.task);
  if (data?.task && data.task !== lastTask) setLastTask(data.task);
  const isMissing = open && dataState === 'complete' && data.task === null;
  const goneReason = data?.task ? undefined : (gone?.reason ?? (isMissing ? 'unknown' : undefined));
  const task = data?.task ?? lastTask;
  if (task) return <TaskForm task={task} goneReason={goneReason} onClose={onClose} />;
  if (error) return <Text c="var(--bad)">Could not load this task. {error.message}</Text>;
  if (isMissing && !drafted) return <MissingTask id={id} />;
  if (isMissing) return <GoneTaskForm id={id} reason={goneReason ?? 'unknown'} onClose={onClose} />;
  return (
    <Stack aria-busy="true">
      <Skeleton height={34} />
      <Skeleton height={160} />
      <Skeleton height={34} />
    </Stack>
  );
}
