/** The due date, the list, the labels and the assignee of a task, as rows and fields show them. */
import type { CSSProperties } from 'react';
import { formatLongDate, formatValues } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { useNow } from '@/ui/useNow';
import utilities from '@/ui/utilities.module.css';
import { dueUrgency, formatDue } from './dueDate';
import { initialsOf } from './initials';
import styles from './TaskBadges.module.css';
import { hueOf } from './taskLabels';
import { useTaskList } from './taskLists';

const SPACE = ' ';

function hueStyle(text: string): CSSProperties {
  return { ['--hue' as string]: hueOf(text) };
}

/** A label in its colour. */
export function Label({ text }: { text: string }) {
  return (
    <span className={styles.label} style={hueStyle(text)} title={text} dir="auto">
      {text}
    </span>
  );
}

/** All labels of a task, with a space between their names for screen readers. */
export function Labels({ labels }: { labels: readonly string[] }) {
  return labels.map((label) => (
    <span key={label}>
      <Label text={label} />
      {SPACE}
    </span>
  ));
}

/** Two labels, or one if space is short, and how many more the task has. */
export function LabelsInRow({ labels }: { labels: readonly string[] }) {
  const [first, second, ...others] = labels;
  if (first === undefined) return null;
  return (
    <span className={styles.labels} title={formatValues(labels.map(isolate))}>
      <span className={utilities.visuallyHidden}>
        {t('tasks.labelsAre', { labels: formatValues(labels.map(isolate)) })}
      </span>
      <span className={styles.shown} aria-hidden>
        <Label text={first} />
        {second !== undefined && (
          <>
            <span className={styles.wide}>
              <Label text={second} />
            </span>
            {others.length > 0 && <span className={styles.wide}>{t('tasks.more', { count: others.length })}</span>}
            <span className={styles.narrow}>{t('tasks.more', { count: others.length + 1 })}</span>
          </>
        )}
      </span>
    </span>
  );
}

export function Assignee({ id }: { id: string }) {
  return (
    <span title={id}>
      <span className={utilities.visuallyHidden}>{t('tasks.assignedTo', { assignee: isolate(id) })}</span>
      <Initials id={id} />
    </span>
  );
}

/** The initials as a picture: they are no text, so the full id next to them is the only name. */
export function Initials({ id }: { id: string }) {
  return <span className={styles.initials} style={hueStyle(id)} data-initials={initialsOf(id)} aria-hidden />;
}

/** The name of a list. Nothing for an unknown list. */
export function ListName({ id }: { id: string }) {
  const list = useTaskList(id);
  if (!list) return null;
  return (
    <span className={styles.list} title={list.name} data-archived={list.archivedAt !== null}>
      <Icon name="folder" />
      <span className={utilities.visuallyHidden}>{t('tasks.inList')}</span>
      <span className={styles.listName} dir="auto">
        {list.name}
      </span>
    </span>
  );
}

export function DueBadge({ dueAt, done }: { dueAt: string; done: boolean }) {
  const now = useNow();
  const when = formatDue(dueAt, now);
  // The due date of a finished task does not matter any more.
  const urgency = done ? 'later' : dueUrgency(dueAt, now);
  return (
    <span className={styles.due} data-due={urgency} title={t('due.title', { time: formatLongDate(dueAt) })}>
      <Icon name="calendar" />
      <span className={utilities.visuallyHidden}>
        {urgency === 'overdue' ? t('due.wasDue', { when }) : t('due.isDue', { when })}
      </span>
      <span aria-hidden>{when}</span>
    </span>
  );
}
