/** The conditions of a filter: how the URL writes them, and what the service is asked for. */
import { PRIORITY_LABELS } from '@/features/tasks/labels';
import type { DateTimeRange, TaskFieldsFragment, TaskFilter, TaskPriority, TaskStatus, TaskWhere } from '@/gql';
import { parseDayRange, startOfDay, timeInDay } from './dayRange';

/** Null means that there is no such condition. */
export interface Conditions {
  /** The id of a list. */
  list: string | null;
  assignee: string | null;
  label: string | null;
  priority: TaskPriority[] | null;
  /** A key of `CREATED_DAYS`, or a range of days. */
  created: string | null;
  /** A key of `EXPIRES_HOURS`, or a range of days. */
  expires: string | null;
  /** A key of `DUE_DAYS`, or a range of days. */
  due: string | null;
}

export type ConditionName = keyof Conditions;

/** The conditions on one value, which are chosen among those that tasks have. */
export type ValueCondition = 'list' | 'assignee' | 'label';
export type RangeCondition = 'created' | 'expires' | 'due';

export const NO_CONDITIONS: Conditions = {
  list: null,
  assignee: null,
  label: null,
  priority: null,
  created: null,
  expires: null,
  due: null,
};

/** The order of the chips. */
const NAMES = Object.keys(NO_CONDITIONS) as ConditionName[];

/** The ranges of creation times that end now, by the number of days. Today is the last of them. */
export const CREATED_DAYS: Readonly<Record<string, number>> = { today: 1, '7d': 7, '30d': 30 };

/** The ranges of expiry times that begin now. */
export const EXPIRES_HOURS: Readonly<Record<string, number>> = { '24h': 24, '7d': 7 * 24 };

/** The ranges of due dates: the first day and the day after the last one, counted from today. Null for none. */
export const DUE_DAYS: Readonly<Record<string, [number | null, number]>> = {
  overdue: [null, 0],
  today: [0, 1],
  '7d': [0, 7],
};

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const MAX_LENGTH = { assignee: 200, label: 50 };
const HOUR_MS = 3_600_000;
const PRIORITIES = Object.keys(PRIORITY_LABELS) as TaskPriority[];

/** Return the priorities in a text such as `HIGH,URGENT`. Others are left out. Null if none is left. */
export function parsePriorities(text: string): TaskPriority[] | null {
  const named = new Set(text.split(','));
  const priorities = PRIORITIES.filter((priority) => named.has(priority));
  return priorities.length > 0 ? priorities : null;
}

export function parseCreated(text: string): string | null {
  return Object.hasOwn(CREATED_DAYS, text) || parseDayRange(text) ? text : null;
}

export function parseExpires(text: string): string | null {
  return Object.hasOwn(EXPIRES_HOURS, text) || parseDayRange(text) ? text : null;
}

export function parseDue(text: string): string | null {
  return Object.hasOwn(DUE_DAYS, text) || parseDayRange(text) ? text : null;
}

export function parseListId(text: string): string | null {
  return UUID.test(text) ? text.toLowerCase() : null;
}

/** Return a parser of the values that the service accepts for the field. It counts code points, like the service. */
export function parseValue(field: 'assignee' | 'label'): (text: string) => string | null {
  return (text) => (text.trim() !== '' && Array.from(text).length <= MAX_LENGTH[field] ? text : null);
}

/** The service combines the expiry with the status only. A URL with more keeps the other conditions. */
export function combinable(conditions: Conditions): Conditions {
  const kept = Object.fromEntries(NAMES.map((name) => [name, conditions[name]])) as unknown as Conditions;
  return hasConditions({ ...kept, expires: null }) ? { ...kept, expires: null } : kept;
}

export function activeConditions(conditions: Conditions): ConditionName[] {
  return NAMES.filter((name) => conditions[name] !== null);
}

export function hasConditions(conditions: Conditions): boolean {
  return activeConditions(conditions).length > 0;
}

/** Back undoes the start or the end of a condition, but not a change of its value. */
export function historyOf(before: Conditions, after: Conditions): 'push' | 'replace' {
  return String(activeConditions(before)) === String(activeConditions(after)) ? 'replace' : 'push';
}

/** Return the conditions as values of fields. Undefined if one of them is a range, or has several values. */
export function valuesOf(conditions: Conditions, status: TaskStatus | null): TaskWhere | undefined {
  const { list, assignee, label, priority, created, expires, due } = conditions;
  const isRange = created !== null || expires !== null || due !== null;
  if (isRange || (priority !== null && priority.length > 1)) return undefined;
  const values = { list, assignee, label, priority: priority?.[0] ?? null, status };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** Return the view that the service counts, if its combination is declared. Null without conditions, or for a range. */
export function taskWhere(conditions: Conditions, status: TaskStatus | null): TaskWhere | null {
  return hasConditions(conditions) ? (valuesOf(conditions, status) ?? null) : null;
}

/** Return the filter of the service at a time, or null without a condition. */
export function taskFilter(conditions: Conditions, status: TaskStatus | null, now: Date): TaskFilter | null {
  if (!hasConditions(conditions)) return null;
  const { list, assignee, label, priority, created, expires, due } = conditions;
  return {
    status,
    ...(list !== null && { list }),
    ...(assignee !== null && { assignee }),
    ...(label !== null && { label }),
    ...(due !== null && { dueAt: dueRange(due, now) }),
    priority,
    createdAt: created === null ? null : createdRange(created, now),
    expiresAt: expires === null ? null : expiryRange(expires, now),
  };
}

function createdRange(created: string, now: Date): DateTimeRange {
  const days = CREATED_DAYS[created];
  if (days === undefined) return timesOfDays(created);
  return { from: startOfDay(now, 1 - days).toISOString(), before: null };
}

function expiryRange(expires: string, now: Date): DateTimeRange {
  const hours = EXPIRES_HOURS[expires];
  if (hours === undefined) return timesOfDays(expires);
  return { from: null, before: new Date(now.getTime() + hours * HOUR_MS).toISOString() };
}

function dueRange(due: string, now: Date): DateTimeRange {
  const days = DUE_DAYS[due];
  if (days === undefined) return timesOfDays(due);
  const [first, end] = days;
  if (first === null) return { from: null, before: now.toISOString() };
  return { from: startOfDay(now, first).toISOString(), before: startOfDay(now, end).toISOString() };
}

function timesOfDays(text: string): DateTimeRange {
  const { first = null, last = null } = parseDayRange(text) ?? {};
  return {
    from: first && startOfDay(timeInDay(first)).toISOString(),
    before: last && startOfDay(timeInDay(last), 1).toISOString(),
  };
}

export type FilteredFields = Pick<
  TaskFieldsFragment,
  'status' | 'priority' | 'createdAt' | 'expiresAt' | 'dueAt' | 'listId' | 'assignee' | 'labels'
>;

export function matchesFilter(filter: TaskFilter, task: FilteredFields): boolean {
  if (filter.priority && !filter.priority.includes(task.priority)) return false;
  return (
    hasValues(filter, task) &&
    isInRange(filter.createdAt, task.createdAt) &&
    isInRange(filter.expiresAt, task.expiresAt) &&
    isInRange(filter.dueAt, task.dueAt)
  );
}

export function matchesWhere(where: TaskWhere, task: FilteredFields): boolean {
  return hasValues(where, task) && (!where.priority || where.priority === task.priority);
}

function hasValues({ status, list, assignee, label }: Omit<TaskWhere, 'priority'>, task: FilteredFields): boolean {
  if (status && status !== task.status) return false;
  if (list && list !== task.listId) return false;
  if (assignee && assignee !== task.assignee) return false;
  return !label || task.labels.includes(label);
}

function isInRange(range: DateTimeRange | null | undefined, time: string | null): boolean {
  if (!range) return true;
  if (time === null) return false;
  const at = Date.parse(time);
  return (!range.from || Date.parse(range.from) <= at) && (!range.before || at < Date.parse(range.before));
}
