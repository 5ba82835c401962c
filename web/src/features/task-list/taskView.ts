/** The state in the URL: which tasks the list shows, in which order, where it is scrolled to, and the open task. */
import { createParser, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryState, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { shapeOf, undeclaredShapes } from '@/features/facets/undeclaredShapes';
import { conditionLabels } from '@/features/filters/conditionLabels';
import {
  combinable,
  type Conditions,
  type FilteredFields,
  matchesFilter,
  matchesWhere,
  NO_CONDITIONS,
  parseCreated,
  parseDue,
  parseExpires,
  parseListId,
  parsePriorities,
  parseValue,
  taskWhere,
} from '@/features/filters/conditions';
import { useTaskFilter } from '@/features/filters/useTaskFilter';
import { STATUS_LABELS } from '@/features/tasks/labels';
import type { PlacingField } from '@/features/tasks/listEvents';
import type { TaskFilter, TaskStatus, TaskWhere } from '@/gql';
import { quote } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';

/** Which tasks the list shows, and in which order. `history: 'push'` makes a change a step that the Back button undoes. */
export const filterParsers = {
  status: parseAsStringLiteral(['TODO', 'IN_PROGRESS', 'DONE'] as const).withOptions({ history: 'push' }),
  order: parseAsStringLiteral(['NEWEST', 'OLDEST', 'EXPIRING_SOON'] as const)
    .withDefault('NEWEST')
    .withOptions({ history: 'push' }),
  list: createParser({ parse: parseListId, serialize: String }),
  assignee: createParser({ parse: parseValue('assignee'), serialize: String }),
  label: createParser({ parse: parseValue('label'), serialize: String }),
  priority: createParser({ parse: parsePriorities, serialize: String, eq: (a, b) => String(a) === String(b) }),
  created: createParser({ parse: parseCreated, serialize: String }),
  expires: createParser({ parse: parseExpires, serialize: String }),
  due: createParser({ parse: parseDue, serialize: String }),
};

export const viewParsers = {
  ...filterParsers,
  /** The search query. A search ignores `order` and the filter. */
  q: parseAsString.withDefault(''),
  /** The id of the open task. */
  task: parseAsString.withOptions({ history: 'push' }),
  /** The first visible row, from 1. */
  row: createParser({ parse: parseRow, serialize: String }).withDefault(1),
};

/** The service numbers its pages up to the largest integer of GraphQL. */
const MAX_ROW = 2 ** 31 - 1;

function parseRow(text: string): number | null {
  const row = parseAsInteger.parse(text);
  return row === null ? null : Math.min(Math.max(row, 1), MAX_ROW);
}

export function useView() {
  const [parameters, setView] = useQueryStates(viewParsers);
  const conditions = parameters.q ? NO_CONDITIONS : combinable(parameters);
  const where = useDeclaredView(conditions, parameters.status);
  const filter = useTaskFilter(where ? NO_CONDITIONS : conditions, parameters.status);
  const view = useMemo(() => newView(parameters, filter, where), [parameters, filter, where]);
  return [view, setView] as const;
}

/** Return the values that the service lists with a total, or null if it has refused their combination. */
function useDeclaredView(conditions: Conditions, status: TaskStatus | null): TaskWhere | null {
  const undeclared = useStore(undeclaredShapes);
  const where = taskWhere(conditions, status);
  const key = where && !undeclared.has(shapeOf(where)) ? JSON.stringify(where) : 'null';
  return useMemo(() => JSON.parse(key) as TaskWhere | null, [key]);
}

type Parameters = ReturnType<typeof useQueryStates<typeof viewParsers>>[0];

/** The state in the URL, and what follows from it. */
export interface View extends Parameters {
  /** The values of the fields of its tasks, with the status. Null without conditions, and in a filter or a search. */
  where: TaskWhere | null;
  /** Conditions without a total, such as ranges. Null without conditions, in a view with `where`, and in a search. */
  filter: TaskFilter | null;
}

/** Return the view of a URL. The service sorts filtered tasks by their expiry, if that is filtered, or newest first. */
export function newView(parameters: Parameters, filter: TaskFilter | null, where: TaskWhere | null = null): View {
  const filteredOrder = filter?.expiresAt ? 'EXPIRING_SOON' : 'NEWEST';
  const order = filter ? filteredOrder : parameters.order;
  return { ...parameters, ...combinable(parameters), order, where, filter };
}

/** `?trash=1` opens the trash over the list. */
export function useTrashParameter() {
  return useQueryState('trash', parseAsStringLiteral(['1'] as const).withOptions({ history: 'push' }));
}

export type SetView = ReturnType<typeof useView>[1];

export const ALL_TAB = 'ALL';

/** Return the status tab of a view. */
export function activeTab({ status }: Pick<View, 'status'>): string {
  return status ?? ALL_TAB;
}

export function tabStatus(tab: string | null): TaskStatus | null {
  return tab === ALL_TAB ? null : (tab as TaskStatus | null);
}

/** Return the name of a view, for the title of the page. */
export function viewTitle({ status, q, ...conditions }: Pick<View, 'status' | 'q' | keyof Conditions>): string {
  if (q) return status ? `${quote(q)}, ${STATUS_LABELS[status]}` : quote(q);
  return [tabName(status), ...conditionLabels(conditions)].join(' · ');
}

/** Return the conditions of a view in words, or the name of its tab: the name that a saved view begins with. */
export function viewName({ status, ...conditions }: Pick<View, 'status' | keyof Conditions>): string {
  const labels = conditionLabels(conditions);
  return labels.length > 0 ? [...(status ? [STATUS_LABELS[status]] : []), ...labels].join(' · ') : tabName(status);
}

function tabName(status: TaskStatus | null): string {
  return status ? STATUS_LABELS[status] : t('views.allTasks');
}

/** Return a key that differs between views with different lists. */
export function viewKey(view: Pick<View, 'status' | 'order' | 'q' | 'where' | 'filter' | keyof Conditions>): string {
  const { status, order, q, where, filter } = view;
  if (q) return `search ${status ?? ALL_TAB} ${q}`;
  const list = `${status ?? ALL_TAB} ${order}`;
  if (where) return `${list} where ${JSON.stringify(where)}`;
  // The times of the filter follow the clock, its conditions do not.
  return filter ? `${list} ${JSON.stringify(combinable(view))}` : list;
}

/** Whether the service counts the tasks of the view and numbers its pages. It does not for a search or a filter. */
export function isCounted({ q, filter }: Pick<View, 'q' | 'filter'>): boolean {
  return !q && !filter;
}

/** Whether a new task belongs in the list of this view. */
export function includesTask(
  { status, order, where, filter }: Pick<View, 'status' | 'order' | 'where' | 'filter'>,
  task: FilteredFields,
): boolean {
  if (filter) return matchesFilter(filter, task);
  if (where && !matchesWhere(where, task)) return false;
  if (status && task.status !== status) return false;
  return order !== 'EXPIRING_SOON' || task.expiresAt !== null;
}

/** Return the fields whose update can move a task into the list of this view or out of it. */
export function dependsOnFields({
  status,
  order,
  q,
  where,
  filter,
}: Pick<View, 'status' | 'order' | 'q' | 'where' | 'filter'>): PlacingField[] {
  const conditions = q ? null : (where ?? filter);
  const depends: Record<PlacingField, boolean> = {
    status: status !== null,
    priority: Boolean(conditions?.priority),
    expiresAt: !q && order === 'EXPIRING_SOON',
    listId: Boolean(conditions?.list),
    assignee: Boolean(conditions?.assignee),
    labels: Boolean(conditions?.label),
    dueAt: !q && Boolean(filter?.dueAt),
  };
  return (Object.keys(depends) as PlacingField[]).filter((field) => depends[field]);
}

/** Return the end of the list where new tasks appear. None if they appear anywhere, or if the list ignores them. */
export function newTasksEnd({ order, q }: Pick<View, 'order' | 'q'>): 'top' | 'bottom' | undefined {
  if (q || order === 'EXPIRING_SOON') return undefined;
  return order === 'OLDEST' ? 'bottom' : 'top';
}
