/** Continues the edit of a title whose row has left the screen, so that no key that is being typed is lost. */
import { Button, Group, Text } from '@mantine/core';
import { useLayoutEffect, useRef } from 'react';
import { GoneTaskNotice } from '@/features/gone-task/GoneTaskNotice';
import { type DetachedTitle, detachedTitle } from '@/features/task-editing/detachedTitle';
import { useGoneTask } from '@/features/task-editing/goneTasks';
import { useTaskDraft } from '@/features/task-editing/useTaskDraft';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './DetachedTitleEditor.module.css';

export function DetachedTitleEditor({ onDone }: { onDone: () => void }) {
  const detached = useStore(detachedTitle);
  if (!detached) return null;
  const done = () => {
    detachedTitle.set(undefined);
    onDone();
  };
  return <Editor key={detached.task.id} detached={detached} onDone={done} />;
}

function Editor({ detached, onDone }: { detached: DetachedTitle; onDone: () => void }) {
  const { task, selectionStart, selectionEnd } = detached;
  const { draft, change, discard, save: saveDraft } = useTaskDraft(task, 'title');
  const gone = useGoneTask(task.id);
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus({ preventScroll: true });
    input.current?.setSelectionRange(selectionStart, selectionEnd);
  }, [selectionStart, selectionEnd]);
  // The text of a task that is gone stays, and a banner offers it.
  const cancel = () => {
    if (!gone) discard();
    onDone();
  };
  const save = () => {
    if (gone) return;
    onDone();
    saveDraft();
  };
  return (
    <div
      role="dialog"
      aria-label={t('list.editTitle', { title: task.title })}
      className={styles.card}
      onKeyDown={(event) => event.key === 'Escape' && (gone ? onDone() : save())}
    >
      {gone ? (
        <GoneTaskNotice id={task.id} reason={gone.reason} onDone={onDone} onRestored={onDone} />
      ) : (
        <Text size="sm" c="dimmed" role="status">
          {t('list.detachedTitle')}
        </Text>
      )}
      <input
        ref={input}
        className={styles.input}
        aria-label={t('tasks.field.title')}
        dir="auto"
        maxLength={500}
        value={draft?.text ?? task.title}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && save()}
      />
      {!gone && (
        <Group gap={8} justify="flex-end">
          <Button size="compact-sm" variant="default" onClick={cancel}>
            {t('actions.cancel')}
          </Button>
          <Button size="compact-sm" onClick={save}>
            {t('actions.save')}
          </Button>
        </Group>
      )}
    </div>
  );
}
