/** A dialog that filters by a list, an assignee or a label. It offers the values that tasks have, with their numbers. */
import { useApolloClient } from '@apollo/client/react';
import { useEffect } from 'react';
import { countsOf, type Facet } from '@/features/facets/useFacets';
import { ChoiceDialog, type ShownChoice } from '@/features/field-picker/ChoiceDialog';
import { listChoices, sortLists } from '@/features/tasks/sortedLists';
import { Initials, Label } from '@/features/tasks/TaskBadges';
import { readAllTaskLists, taskLists } from '@/features/tasks/taskLists';
import type { TaskStatus } from '@/gql';
import { isolate } from '@/ui/bidi';
import { formatCount } from '@/ui/format';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { conditionName } from './conditionLabels';
import type { Conditions, ValueCondition } from './conditions';
import { useContextFacets } from './useContextFacets';

interface Props {
  name: ValueCondition;
  conditions: Conditions;
  status: TaskStatus | null;
  onChange: (conditions: Conditions) => void;
  onClose: () => void;
}

const MAX_LENGTH = { list: 200, assignee: 200, label: 50 };
/** The choice that removes the condition. */
const ANY = '';

const placeholder = (name: ValueCondition) =>
  ({ list: t('filters.anyList'), assignee: t('filters.anyAssignee'), label: t('filters.anyLabel') })[name];

export function FilterValuePicker({ name, conditions, status, onChange, onClose }: Props) {
  const { facets, ofAll } = useContextFacets(name, conditions, status);
  const current = conditions[name];
  const lists = useListChoices(name === 'list', facets, current);
  const choices = name === 'list' ? lists : valueChoices(name, facets ?? [], current);
  const any = { key: ANY, text: t('filters.any'), selected: current === null, content: t('filters.any') };
  const choose = (value: string | null) => {
    onChange({ ...conditions, [name]: value });
    onClose();
  };
  return (
    <ChoiceDialog
      title={conditionName(name)}
      placeholder={placeholder(name)}
      choices={[any, ...choices]}
      maxLength={MAX_LENGTH[name]}
      {...(name !== 'list' && { nameNew: (value: string) => t('filters.useValue', { value: isolate(value) }) })}
      onChoose={(key) => choose(key === ANY ? null : key)}
      onNew={(value) => {
        choose(value);
        return true;
      }}
      footer={ofAll && (status !== null || hasOthers(conditions, name)) && t('filters.countsAll')}
      onClose={onClose}
    />
  );
}

function hasOthers(conditions: Conditions, name: ValueCondition): boolean {
  return Object.entries(conditions).some(([other, value]) => other !== name && value !== null);
}

function valueChoices(name: 'assignee' | 'label', facets: readonly Facet[], current: string | null): ShownChoice[] {
  const known = facets.some(({ value }) => value === current);
  const values = current === null || known ? facets : [{ value: current, count: undefined }, ...facets];
  return values.map(({ value, count }) => ({
    key: value,
    text: value,
    selected: value === current,
    detail: count === undefined ? undefined : formatCount(count),
    content:
      name === 'label' ? (
        <Label text={value} />
      ) : (
        <>
          <Initials id={value} />
          {value}
        </>
      ),
  }));
}

/** All lists, but archived ones only if they have tasks. */
function useListChoices(needed: boolean, facets: readonly Facet[] | undefined, current: string | null): ShownChoice[] {
  const client = useApolloClient();
  const lists = useStore(taskLists);
  useEffect(() => {
    // Without an answer, the dialog offers the lists that the page knows.
    if (needed) readAllTaskLists(client).catch(() => undefined);
  }, [client, needed]);
  const countOf = countsOf(facets);
  const known = [...lists.values()];
  const withTasks = sortLists(known).filter(({ id, archivedAt }) => archivedAt !== null && facets && countOf(id) !== 0);
  return [...listChoices(known, current), ...withTasks.filter(({ id }) => id !== current)].map((list) => {
    const count = countOf(list.id);
    return {
      key: list.id,
      text: list.name,
      selected: list.id === current,
      detail: count === undefined ? undefined : formatCount(count),
      content: list.archivedAt === null ? list.name : t('lists.archivedNamed', { name: isolate(list.name) }),
    };
  });
}
