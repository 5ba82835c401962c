/** The dialogs that set the list, the assignee or the labels of one task or of several. */
import { useApolloClient } from '@apollo/client/react';
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { BulkFields, TaskEdit } from '@/features/bulk-changes/bulkItem';
import { createTaskList } from '@/features/task-lists/editTaskLists';
import { listsDialogOpened } from '@/features/task-lists/listsDialog';
import { listChoices } from '@/features/tasks/sortedLists';
import { Initials, Label } from '@/features/tasks/TaskBadges';
import { readAllTaskLists, taskLists } from '@/features/tasks/taskLists';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { isolate } from '@/ui/bidi';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { ChoiceDialog, type ShownChoice } from './ChoiceDialog';
import { labelChange, labelStates, type Ticks, toggleLabel } from './choices';

import { useKnownValues } from './knownValues';

export type PickedField = 'listId' | 'assignee' | 'labels';

interface PickerProps {
  /** The values of the tasks that the page knows: none if the tasks are too many to know them. */
  known: readonly Pick<BulkFields, PickedField>[];
  onPick: (edit: TaskEdit) => void;
  onClose: () => void;
}

const MAX_LENGTH = { list: 200, assignee: 200, label: 50 };
const MAX_LABELS = 20;
/** The choice that empties the field. */
const NONE = '';

export function FieldPicker({ field, ...props }: PickerProps & { field: PickedField }) {
  if (field === 'labels') return <LabelPicker {...props} />;
  return field === 'listId' ? <ListPicker {...props} /> : <AssigneePicker {...props} />;
}

/** Return the value that all tasks have. Undefined for different or unknown values. */
function commonValue<F extends PickedField>(known: PickerProps['known'], field: F): BulkFields[F] | undefined {
  const value = known[0]?.[field];
  return known.every((task) => task[field] === value) ? value : undefined;
}

function ListPicker({ known, onPick, onClose }: PickerProps) {
  const client = useApolloClient();
  const lists = useStore(taskLists);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    readAllTaskLists(client).catch((error: unknown) =>
      setProblem(t('lists.notLoaded', { reason: errorMessage(error) })),
    );
  }, [client]);
  const current = commonValue(known, 'listId');
  const pick = (listId: string | null) => onPick({ kind: 'update', fields: { listId } });
  const none = { key: NONE, text: t('lists.none'), selected: current === null, content: t('lists.none') };
  const choices = listChoices([...lists.values()], current).map(({ id, name, archivedAt }) => ({
    key: id,
    text: name,
    selected: id === current,
    content: archivedAt === null ? name : t('lists.archivedNamed', { name: isolate(name) }),
  }));
  const create = async (name: string) => {
    const created = await createTaskList(client, name);
    if ('problem' in created) setProblem(created.problem);
    else pick(created.id);
    return !('problem' in created);
  };
  return (
    <ChoiceDialog
      title={t('lists.set')}
      placeholder={t('lists.search')}
      choices={[none, ...choices]}
      maxLength={MAX_LENGTH.list}
      nameNew={(name) => t('lists.createNamed', { name: isolate(name) })}
      onChoose={(key) => pick(key === NONE ? null : key)}
      onNew={create}
      problem={problem}
      onClose={onClose}
      footer={
        <Button
          size="xs"
          variant="subtle"
          leftSection={<Icon name="folder" />}
          onClick={() => {
            onClose();
            listsDialogOpened.set(true);
          }}
        >
          {t('lists.manage')}
        </Button>
      }
    />
  );
}

function AssigneePicker({ known, onPick, onClose }: PickerProps) {
  const assignees = useKnownValues('assignees');
  const current = commonValue(known, 'assignee');
  const pick = (assignee: string | null) => onPick({ kind: 'update', fields: { assignee } });
  const names = current && !assignees.includes(current) ? [current, ...assignees] : assignees;
  const none = { key: NONE, text: t('assignee.none'), selected: current === null, content: t('assignee.none') };
  const choices = names.map((name): ShownChoice => ({
    key: name,
    text: name,
    selected: name === current,
    content: (
      <>
        <Initials id={name} />
        {name}
      </>
    ),
  }));
  return (
    <ChoiceDialog
      title={t('assignee.set')}
      placeholder={t('assignee.search')}
      choices={[none, ...choices]}
      maxLength={MAX_LENGTH.assignee}
      nameNew={(name) => t('assignee.assignTo', { name: isolate(name) })}
      onChoose={(key) => pick(key === NONE ? null : key)}
      onNew={(name) => {
        pick(name);
        return true;
      }}
      onClose={onClose}
    />
  );
}

function LabelPicker({ known, onPick, onClose }: PickerProps) {
  const knownLabels = useKnownValues('labels');
  const [initial] = useState(() => labelStates(known.map(({ labels }) => labels ?? [])));
  const [added, setAdded] = useState<readonly string[]>([]);
  const [ticks, setTicks] = useState<Ticks>(new Map());
  // Without the tasks, any label may be on some of them.
  const unknown = known.length === 0 ? ('mixed' as const) : false;
  const before = new Map(
    [...new Set([...added, ...initial.keys(), ...knownLabels])].map((label) => [
      label,
      added.includes(label) ? false : (initial.get(label) ?? unknown),
    ]),
  );
  const toggle = (label: string) => setTicks(toggleLabel(before, ticks, label));
  const stateOf = (label: string) => ticks.get(label) ?? before.get(label) ?? false;
  const tooMany = [...before.keys()].filter((label) => stateOf(label) === true).length > MAX_LABELS;
  return (
    <ChoiceDialog
      title={t('labels.set')}
      placeholder={t('labels.search')}
      choices={[...before.keys()].map((label) => ({
        key: label,
        text: label,
        selected: stateOf(label),
        content: <Label text={label} />,
      }))}
      maxLength={MAX_LENGTH.label}
      nameNew={(label) => t('labels.addNamed', { label: isolate(label) })}
      onChoose={toggle}
      onNew={(label) => {
        setAdded([label, ...added]);
        setTicks(new Map([...ticks, [label, true]]));
        return true;
      }}
      problem={tooMany ? t('labels.tooMany', { limit: MAX_LABELS }) : undefined}
      onSave={() => {
        if (tooMany) return;
        if (ticks.size === 0) onClose();
        else onPick({ kind: 'labels', labels: labelChange(ticks) });
      }}
      onClose={onClose}
    />
  );
}
