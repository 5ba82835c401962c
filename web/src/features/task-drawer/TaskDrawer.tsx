/**
 * A panel beside the list with every field of one task. The URL holds the task's id.
 *
 * The list stays usable while the panel is open. On a phone the panel takes the place of the list.
 */
import { useQuery } from '@apollo/client/react';
import { ActionIcon, CloseButton, Group, Text, Title } from '@mantine/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useDraftedTaskIds } from '@/features/gone-task/useDraftedTaskIds';
import { useGoneTask } from '@/features/task-editing/goneTasks';
import { titleEditWanted } from '@/features/tasks/openTask';
import { copyTaskLink } from '@/features/tasks/taskLink';
import { TaskDetailDocument } from '@/gql';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './TaskDrawer.module.css';
import { LoadingTask } from './LoadingTask';
import { MissingTask } from './MissingTask';
import { GoneTaskForm, TaskForm } from './TaskForm';

interface Props {
  /** The open task, or null while the drawer is closed. */
  id: string | null;
  onClose: () => void;
  /** Called when the drawer has disappeared together with the focused element. */
  onFocusLost: () => void;
}

export function TaskDrawer({ id, onClose, onFocusLost }: Props) {
  const panel = useRef<HTMLElement>(null);
  useDrawerFocus(panel, id, onFocusLost);
  if (id === null) return null;
  const close = () => {
    // A field saves its text on blur.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    onClose();
  };
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={styles.drawer}
      aria-labelledby="task-drawer-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented || !isOwnEscape(event.currentTarget, event.target)) return;
        event.preventDefault(); // Escape must not also clear the selection of the list.
        close();
      }}
    >
      <Group justify="space-between" wrap="nowrap" className={styles.head}>
        <Title order={2} size="h5" id="task-drawer-title">
          {t('drawer.title')}
        </Title>
        <Group gap={2} wrap="nowrap">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('rowMenu.copyLink')}
            title={t('drawer.copyLinkHint')}
            onClick={() => void copyTaskLink(id)}
          >
            <Icon name="link" />
          </ActionIcon>
          <CloseButton aria-label={t('drawer.close')} title={t('drawer.closeHint')} onClick={close} />
        </Group>
      </Group>
      <TaskDetail key={id} id={id} onClose={close} />
    </aside>
  );
}

/** Whether Escape belongs to the panel: not to a popup that one of its fields has opened. */
function isOwnEscape(panel: Element, target: EventTarget): boolean {
  return target instanceof Element && panel.contains(target) && !target.closest('[aria-expanded="true"]');
}

/** Focus the panel when it opens, keep the focus inside when another task replaces the focused field, and report its loss. */
function useDrawerFocus(panel: { current: HTMLElement | null }, id: string | null, onFocusLost: () => void): void {
  const previousId = useRef<string | null>(null);
  useLayoutEffect(() => {
    const opening = previousId.current === null && id !== null;
    const replaced = previousId.current !== null && id !== null && document.activeElement === document.body;
    const closing = previousId.current !== null && id === null && document.activeElement === document.body;
    previousId.current = id;
    if (opening || replaced) panel.current?.focus({ preventScroll: true });
    if (closing) onFocusLost();
  });
}

function TaskDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, dataState } = useQuery(TaskDetailDocument, { variables: { id } });
  const gone = useGoneTask(id);
  const drafted = useDraftedTaskIds().includes(id);
  useEffect(() => () => titleEditWanted.set(false), []); // the wish was for this task
  // A task that disappears stays on screen, so that nothing that is being typed is lost.
  const [lastTask, setLastTask] = useState(data?.task);
  if (data?.task && data.task !== lastTask) setLastTask(data.task);
  const isMissing = dataState === 'complete' && data.task === null;
  const goneReason = data?.task ? undefined : (gone?.reason ?? (isMissing ? 'unknown' : undefined));
  const task = data?.task ?? lastTask;
  if (task) return <TaskForm task={task} goneReason={goneReason} onClose={onClose} />;
  if (error) return <Text c="var(--bad)">{t('drawer.notLoaded', { reason: error.message })}</Text>;
  if (isMissing && !drafted) return <MissingTask id={id} />;
  if (isMissing) return <GoneTaskForm id={id} reason={goneReason ?? 'unknown'} onClose={onClose} />;
  return <LoadingTask />;
}
