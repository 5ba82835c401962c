/** The deleted tasks that are loaded. Arrow keys move between them, Space selects, R and Enter restore. */
import { Button, Checkbox, Skeleton } from '@mantine/core';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useCanWrite } from '@/features/identity/permissions';
import { PriorityIcon, StatusIcon } from '@/features/tasks/TaskIcons';
import type { DeletedTaskFieldsFragment } from '@/gql';
import { t } from '@/ui/messages';
import { deletionText, removalText, type TimeText } from './deletedTasks';
import styles from './TrashDialog.module.css';
import type { DeletedTasks } from './useDeletedTasks';

interface Props {
  trash: DeletedTasks;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onRestore: (ids: string[]) => void;
}

export function DeletedTaskList({ trash, selected, onSelect, onRestore }: Props) {
  const { tasks, hasNextPage } = trash.loaded;
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const row = Math.max(Math.min(active, tasks.length - 1), 0);
  // The focus is lost with the row of a task that was restored.
  useEffect(() => {
    if (document.activeElement !== document.body) return;
    list.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus();
  }, [tasks]);
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const moveTo = (next: number) => {
    const target = Math.max(Math.min(next, tasks.length - 1), 0);
    setActive(target);
    list.current?.querySelectorAll<HTMLElement>('[role="row"]')[target]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const id = tasks[row]?.task.id;
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ...moveKeys(row, tasks.length, moveTo),
      r: () => onRestore([id]),
      // Buttons and checkboxes have these keys themselves.
      ...(event.target instanceof HTMLElement &&
        event.target.role === 'row' && { ' ': () => toggle(id), Enter: () => onRestore([id]) }),
    };
    const run = (keys as Record<string, (() => void) | undefined>)[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };
  return (
    <div className={styles.scroller}>
      <div role="grid" aria-label={t('trash.list')} aria-rowcount={-1} ref={list} onKeyDown={onKeyDown}>
        {tasks.map((deleted, i) => (
          <DeletedRow
            key={deleted.task.id}
            deleted={deleted}
            active={i === row}
            selected={selected.has(deleted.task.id)}
            onFocus={() => setActive(i)}
            onToggle={() => toggle(deleted.task.id)}
            onRestore={() => onRestore([deleted.task.id])}
          />
        ))}
      </div>
      {hasNextPage && trash.error === undefined && <MoreRows key={tasks.length} onVisible={trash.loadMore} />}
    </div>
  );
}

function moveKeys(row: number, count: number, moveTo: (row: number) => void): Record<string, () => void> {
  const [next, previous] = [() => moveTo(row + 1), () => moveTo(row - 1)];
  return {
    ArrowDown: next,
    j: next,
    ArrowUp: previous,
    k: previous,
    Home: () => moveTo(0),
    End: () => moveTo(count - 1),
  };
}

interface RowProps {
  deleted: DeletedTaskFieldsFragment;
  active: boolean;
  selected: boolean;
  onFocus: () => void;
  onToggle: () => void;
  onRestore: () => void;
}

function DeletedRow({ deleted, active, selected, onFocus, onToggle, onRestore }: RowProps) {
  const { task } = deleted;
  const tabIndex = active ? 0 : -1;
  const canWrite = useCanWrite();
  return (
    <div role="row" aria-selected={selected} tabIndex={tabIndex} className={styles.row} onFocus={onFocus}>
      <span role="gridcell">
        <Checkbox
          size="xs"
          aria-label={t('tasks.select', { title: task.title })}
          checked={selected}
          onChange={onToggle}
          tabIndex={-1}
        />
      </span>
      <span role="gridcell" className={styles.title}>
        <StatusIcon status={task.status} />
        <PriorityIcon priority={task.priority} />
        <span dir="auto" title={task.title} className={styles.titleText}>
          {task.title}
        </span>
      </span>
      <Time time={deletionText(deleted)} />
      <Time time={removalText(deleted)} />
      <span role="gridcell" className={styles.action}>
        {canWrite && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t('trash.restoreTask', { title: task.title })}
            onClick={onRestore}
          >
            {t('actions.restore')}
          </Button>
        )}
      </span>
    </div>
  );
}

function Time({ time }: { time: TimeText }) {
  return (
    <span role="gridcell" className={styles.time}>
      <span>{time.text}</span>
      <time dateTime={time.iso}>{time.exact}</time>
    </span>
  );
}

/** Stands for the tasks that are not loaded yet, and reports when it comes near the screen. */
function MoreRows({ onVisible }: { onVisible: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element) return undefined;
    // One report can hold several observations.
    const seen = (entries: IntersectionObserverEntry[]) => entries.some((entry) => entry.isIntersecting) && onVisible();
    const observer = new IntersectionObserver(seen, {
      root: element.parentElement,
      rootMargin: '600px',
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [onVisible]);
  return (
    <div ref={end} className={styles.more} aria-busy="true" aria-label={t('trash.loadingMore')} role="status">
      <Skeleton height={20} />
      <Skeleton height={20} width="70%" />
    </div>
  );
}
