/** One task of the list, and the row that holds its place while it is fetched. */
import { useFragment } from '@apollo/client/react';
import { memo } from 'react';
import { Icon, PriorityIcon, StatusIcon } from '@/ui/icons';
import { longDate, PRIORITY, shortDate, STATUS, timeLeft } from '@/ui/format';
import { TaskRowFragmentDoc, type TaskRowFragment } from '@/gql';
import styles from './TaskGrid.module.css';
import { RowTitle } from './RowTitle';
import type { RowRef } from './TaskWindow';

export interface RowActions {
  activate: (row: number) => void;
  open: (id: string) => void;
  edit: (id: string | undefined) => void;
  toggle: (row: number, range: boolean) => void;
  complete: (id: string) => void;
}

interface Props {
  node: RowRef;
  row: number;
  top: number;
  active: boolean;
  selected: boolean;
  editing: boolean;
  actions: RowActions;
}

export const TaskRow = memo(function TaskRow({ node, row, top, active, selected, editing, actions }: Props) {
  const { data, complete } = useFragment({ fragment: TaskRowFragmentDoc, from: node });
  if (!complete) return <SkeletonRow row={row} top={top} />;
  return (
    <div
      role="row"
      id={rowId(row)}
      aria-rowindex={row + 1}
      aria-selected={selected}
      data-active={active}
      data-task={data.id}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => actions.activate(row)}
    >
      <Cells task={data} row={row} selected={selected} editing={editing} actions={actions} />
    </div>
  );
});

type CellProps = Pick<Props, 'row' | 'selected' | 'editing' | 'actions'> & { task: TaskRowFragment };

function Cells({ task, row, selected, editing, actions }: CellProps) {
  const done = task.status === 'DONE';
  return (
    <>
      <div role="gridcell" className={styles.check}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select ${task.title}`}
          checked={selected}
          onChange={(event) => actions.toggle(row, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </div>
      <div role="gridcell" className={styles.priority} title={PRIORITY[task.priority]}>
        <PriorityIcon priority={task.priority} />
        <span className={styles.hidden}>{PRIORITY[task.priority]}</span>
      </div>
      <div role="gridcell" className={styles.status}>
        <button
          type="button"
          tabIndex={-1}
          className={styles.statusButton}
          title={STATUS[task.status]}
          aria-label={`${done ? 'Reopen' : 'Complete'}: ${task.title} (${STATUS[task.status]})`}
          onClick={() => actions.complete(task.id)}
        >
          <StatusIcon status={task.status} />
        </button>
      </div>
      <div role="gridcell" className={styles.titleCell}>
        <RowTitle task={task} editing={editing} onEdit={actions.edit} onOpen={actions.open} />
      </div>
      <div role="gridcell" className={styles.expires}>
        {task.expiresAt && <Expiry at={task.expiresAt} />}
      </div>
      <div role="gridcell" className={styles.date}>
        <time dateTime={task.createdAt} title={`Created ${longDate(task.createdAt)}`}>
          {shortDate(task.createdAt)}
        </time>
      </div>
    </>
  );
}

function Expiry({ at }: { at: string }) {
  const { text, soon } = timeLeft(at);
  return (
    <span className={styles.badge} data-soon={soon} title={`Expires ${longDate(at)}`}>
      <Icon name="clock" />
      <span className={styles.hidden}>Expires </span>
      {text}
    </span>
  );
}

export function SkeletonRow({ row, top }: { row: number; top: number }) {
  return (
    <div
      role="row"
      aria-rowindex={row + 1}
      aria-busy="true"
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="gridcell" className={styles.skeleton}>
        <span className={styles.hidden}>Loading</span>
        <span className={styles.bone} style={{ width: `${25 + ((row * 37) % 40)}%` }} />
      </div>
    </div>
  );
}

export function FailedRow({
  row,
  top,
  message,
  retry,
}: {
  row: number;
  top: number;
  message: string;
  retry: () => void;
}) {
  return (
    <div role="row" aria-rowindex={row + 1} className={styles.row} style={{ transform: `translateY(${top}px)` }}>
      <div role="gridcell" className={styles.failed}>
        <span role="alert">Could not load these tasks: {message}</span>
        <button type="button" className={styles.retry} onClick={retry}>
          Try again
        </button>
      </div>
    </div>
  );
}

export function rowId(row: number): string {
  return `row-${row + 1}`;
}
