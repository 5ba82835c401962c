/** The fields for the list, the assignee, the labels and the due date of one task. Each choice is saved at once. */
import { SimpleGrid } from '@mantine/core';
import type { TaskEdit } from '@/features/bulk-changes/bulkItem';
import { DateTimeField } from '@/features/date-time/DateTimeField';
import { Initials, Labels } from '@/features/tasks/TaskBadges';
import { changeLabels } from '@/features/tasks/taskLabels';
import { useTaskList } from '@/features/tasks/taskLists';
import type { TaskRowFragment } from '@/gql';
import type { IconName } from '@/ui/icons';
import { t } from '@/ui/messages';
import { EmptyValue, PickerField } from '@/ui/PickerField';
import { FieldPicker } from './parts';
import styles from './PickedFields.module.css';

/** While the name is loading. */
const UNKNOWN_NAME = '…';

type Values = Pick<TaskRowFragment, 'listId' | 'assignee' | 'labels' | 'dueAt'>;

interface Props {
  values: Values;
  onChange: (changes: Partial<Values>) => void;
}

export function PickedFields({ values, onChange }: Props) {
  const { listId, assignee, labels, dueAt } = values;
  return (
    <>
      <SimpleGrid minColWidth="9.5rem" autoFlow="auto-fit" spacing="sm">
        <Picked
          {...{ values, onChange }}
          field="listId"
          label={t('tasks.field.listId')}
          icon="folder"
          clear={listId === null ? undefined : { label: t('lists.clear'), run: () => onChange({ listId: null }) }}
        >
          {listId === null ? <EmptyValue>{t('lists.none')}</EmptyValue> : <ListValue id={listId} />}
        </Picked>
        <Picked
          {...{ values, onChange }}
          field="assignee"
          label={t('tasks.field.assignee')}
          icon="user"
          clear={
            assignee === null ? undefined : { label: t('assignee.clear'), run: () => onChange({ assignee: null }) }
          }
        >
          {assignee === null ? <EmptyValue>{t('assignee.none')}</EmptyValue> : <AssigneeValue id={assignee} />}
        </Picked>
      </SimpleGrid>
      <Picked
        {...{ values, onChange }}
        field="labels"
        label={t('tasks.field.labels')}
        icon="tag"
        clear={labels.length === 0 ? undefined : { label: t('labels.clear'), run: () => onChange({ labels: [] }) }}
      >
        {labels.length === 0 ? <EmptyValue>{t('labels.none')}</EmptyValue> : <LabelsValue labels={labels} />}
      </Picked>
      <DateTimeField field="dueAt" value={dueAt} onChange={(next) => onChange({ dueAt: next })} />
    </>
  );
}

interface PickedProps extends Props {
  field: 'listId' | 'assignee' | 'labels';
  label: string;
  icon: IconName;
  clear: { label: string; run: () => void } | undefined;
  children: React.ReactNode;
}

function Picked({ values, onChange, field, label, icon, clear, children }: PickedProps) {
  const save = (edit: TaskEdit) => {
    if (edit.kind === 'labels') onChange({ labels: changeLabels(values.labels, edit.labels) });
    else if (edit.fields[field] !== values[field]) onChange({ [field]: edit.fields[field] ?? null });
  };
  return (
    <PickerField
      label={label}
      icon={icon}
      clear={clear}
      picker={(close) => (
        <FieldPicker
          field={field}
          known={[values]}
          onPick={(edit) => {
            close();
            save(edit);
          }}
          onClose={close}
        />
      )}
    >
      {children}
    </PickerField>
  );
}

function ListValue({ id }: { id: string }) {
  const list = useTaskList(id);
  return (
    <span className={styles.text} dir="auto">
      {list?.name ?? UNKNOWN_NAME}
    </span>
  );
}

function AssigneeValue({ id }: { id: string }) {
  return (
    <span className={styles.assignee}>
      <Initials id={id} />
      <span className={styles.text} dir="auto">
        {id}
      </span>
    </span>
  );
}

function LabelsValue({ labels }: { labels: readonly string[] }) {
  return (
    <span className={styles.labels}>
      <Labels labels={labels} />
    </span>
  );
}
