/** Shows one task of the list as a row. */
import { useFragment } from '@apollo/client/react';
import { memo, type MouseEvent as ReactMouseEvent } from 'react';
import { containsTask, type TaskSet } from '@/features/bulk-changes/taskSet';
import { useCanWrite } from '@/features/identity/permissions';
import { expiryUrgency } from '@/features/tasks/expiryUrgency';
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { Assignee, DueBadge, LabelsInRow, ListName } from '@/features/tasks/TaskBadges';
import { PriorityIcon, StatusIcon } from '@/features/tasks/TaskIcons';
import { TaskRowFragmentDoc, type TaskRowFragment } from '@/gql';
import { formatLongDate, formatShortDate, formatTimeLeft } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useNow } from '@/ui/useNow';
import utilities from '@/ui/utilities.module.css';
import { type RowPlacement, SkeletonRow } from './PlaceholderRows';
import { RowTitle } from './RowTitle';
import styles from './TaskRow.module.css';
import type { TaskRef } from './windows';

export interface RowActions {
  click: (row: number, id: string, event: ReactMouseEvent) => void;
  /** Edit the title of this task in its row. Undefined ends the editing. */
  edit: (id: string | undefined) => void;
  toggleSelected: (row: number, range: boolean) => void;
  toggleCompleted: (id: string) => void;
  /** Open the menu of a row below the button. */
  openMenu: (row: number, id: string, button: Element) => void;
}

interface Props extends RowPlacement {
  node: TaskRef;
  active: boolean;
  selection: TaskSet;
  editing: boolean;
  actions: RowActions;
}

export const TaskRow = memo(function TaskRow({ node, row, top, active, selection, editing, actions }: Props) {
  const { data, complete } = useFragment({ fragment: TaskRowFragmentDoc, from: node });
  if (!complete) return <SkeletonRow row={row} top={top} />;
  const selected = containsTask(selection, data);
  return (
    <div
      role="row"
      id={rowElementId(row)}
      aria-rowindex={row + 1}
      aria-selected={selected}
      data-active={active}
      data-task={data.id}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => actions.click(row, data.id, event)}
    >
      <Cells task={data} row={row} selected={selected} editing={editing} actions={actions} />
    </div>
  );
});

/** Return the id of a row's element, for `aria-activedescendant`. */
export function rowElementId(row: number): string {
  return `row-${row + 1}`;
}

type CellProps = Pick<Props, 'row' | 'editing' | 'actions'> & { task: TaskRowFragment; selected: boolean };

function Cells({ task, row, selected, editing, actions }: CellProps) {
  return (
    <>
      <div role="gridcell" className={styles.check}>
        <label>
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={t('tasks.select', { title: task.title })}
            checked={selected}
            onChange={(event) => actions.toggleSelected(row, (event.nativeEvent as MouseEvent).shiftKey)}
          />
        </label>
      </div>
      <div role="gridcell" className={styles.priority} title={PRIORITY_LABELS[task.priority]}>
        <PriorityIcon priority={task.priority} />
        <span className={utilities.visuallyHidden}>{PRIORITY_LABELS[task.priority]}</span>
      </div>
      <div role="gridcell" className={styles.status}>
        <StatusButton task={task} onClick={() => actions.toggleCompleted(task.id)} />
      </div>
      <div role="gridcell" className={styles.titleCell}>
        <RowTitle task={task} editing={editing} onEdit={actions.edit} />
      </div>
      <div role="gridcell" className={styles.details}>
        {task.listId && <ListName id={task.listId} />}
        <LabelsInRow labels={task.labels} />
        {task.dueAt && <DueBadge dueAt={task.dueAt} done={task.status === 'DONE'} />}
        {task.expiresAt && <ExpiryBadge expiresAt={task.expiresAt} />}
        {task.assignee !== null && <Assignee id={task.assignee} />}
      </div>
      <div role="gridcell" className={styles.date}>
        <time dateTime={task.createdAt} title={t('tasks.createdAt', { time: formatLongDate(task.createdAt) })}>
          {formatShortDate(task.createdAt)}
        </time>
      </div>
      <div role="gridcell" className={styles.more}>
        <button
          type="button"
          tabIndex={-1}
          className={styles.statusButton}
          aria-label={t('rowMenu.button', { title: task.title })}
          aria-haspopup="menu"
          onClick={({ currentTarget }) => actions.openMenu(row, task.id, currentTarget)}
        >
          <Icon name="more" />
        </button>
      </div>
    </>
  );
}

function StatusButton({ task: { status, title }, onClick }: { task: TaskRowFragment; onClick: () => void }) {
  const label = STATUS_LABELS[status];
  if (!useCanWrite()) {
    return (
      <span className={styles.statusButton} data-static title={label}>
        <StatusIcon status={status} />
        <span className={utilities.visuallyHidden}>{label}</span>
      </span>
    );
  }
  const names = { title, status: label };
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.statusButton}
      title={label}
      aria-label={status === 'DONE' ? t('list.reopen', names) : t('list.complete', names)}
      onClick={onClick}
    >
      <StatusIcon status={status} />
    </button>
  );
}

function ExpiryBadge({ expiresAt }: { expiresAt: string }) {
  const now = useNow();
  const when = formatTimeLeft(expiresAt, now);
  return (
    <span
      className={styles.badge}
      data-urgency={expiryUrgency(expiresAt, now)}
      title={t('list.disappears', { time: formatLongDate(expiresAt) })}
    >
      <Icon name="clock" />
      <span className={utilities.visuallyHidden}>{t('list.expires', { when })}</span>
      <span aria-hidden>{when}</span>
    </span>
  );
}
