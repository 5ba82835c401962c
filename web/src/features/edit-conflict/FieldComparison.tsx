/** One field in conflict: both values side by side. In texts, the words that each side changed are marked. */
import { useId } from 'react';
import type { EditConflict } from '@/features/task-editing/editConflicts';
import { type EditableField, type FieldValue, isTextField } from '@/features/task-editing/fieldConflicts';
import { PRIORITY_LABELS, STATUS_LABELS } from '@/features/tasks/labels';
import { listName } from '@/features/tasks/taskLists';
import type { TaskPriority, TaskStatus } from '@/gql';
import { isolate } from '@/ui/bidi';
import { formatLongDate, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';
import { FIELD_LABELS } from './fieldLabels';
import { diffText } from './textDiff';
import styles from './VersionChoice.module.css';

interface Props {
  field: EditableField;
  conflict: EditConflict;
}

export function FieldComparison({ field, conflict: { mine, base, theirs } }: Props) {
  const sides: { label: string; value: FieldValue; before: FieldValue }[] = [
    // Without the text at the start, each side is compared with the other one.
    { label: t('conflict.yours'), value: mine[field], before: base[field] ?? theirs[field] },
    { label: t('conflict.theirs'), value: theirs[field], before: base[field] ?? mine[field] },
  ];
  return (
    <section className={styles.field} aria-label={FIELD_LABELS[field]}>
      <h3 className={styles.label}>{FIELD_LABELS[field]}</h3>
      <div className={styles.sides}>
        {sides.map(({ label, value, before }) => (
          <Side key={label} label={label}>
            {isTextField(field) ? (
              <ComparedText before={textOf(before)} after={textOf(value)} />
            ) : (
              formatValue(field, value)
            )}
          </Side>
        ))}
      </div>
    </section>
  );
}

function Side({ label, children }: { label: string; children: React.ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={styles.side}>
      <div id={id} className={styles.sideLabel}>
        {label}
      </div>
      <div className={styles.value} dir="auto">
        {children}
      </div>
    </div>
  );
}

function ComparedText({ before, after }: { before: string; after: string }) {
  if (after === '' && before === '') return t('conflict.empty');
  return diffText(before, after).map(({ kind, text }, i) => {
    if (kind === 'same') return <span key={i}>{text}</span>;
    const Tag = kind === 'added' ? 'ins' : 'del';
    return (
      <Tag key={i} className={styles[kind]}>
        {text}
      </Tag>
    );
  });
}

function textOf(value: FieldValue): string {
  return typeof value === 'string' ? value : '';
}

function formatValue(field: EditableField, value: FieldValue): string {
  if (value === null || value === undefined) return field === 'expiresAt' ? t('conflict.never') : t('conflict.notSet');
  if (typeof value !== 'string') return value.length > 0 ? formatValues(value.map(isolate)) : t('conflict.notSet');
  if (field === 'status') return STATUS_LABELS[value as TaskStatus];
  if (field === 'priority') return PRIORITY_LABELS[value as TaskPriority];
  if (field === 'listId') return listName(value);
  return field === 'assignee' ? value : formatLongDate(value);
}
