/** The conditions of a filter: how the URL writes them, and what the service is asked for. */
import { PRIORITY_LABELS } from '@/features/tasks/labels';
import type { DateTimeRange, TaskFieldsFragment, TaskFilter, TaskPriority, TaskStatus } from '@/gql';
import { parseDayRange, startOfDay, timeInDay } from './dayRange';

/** Null means that there is no such condition. */
export interface Conditions {
  priority: TaskPriority[] | null;
  /** A key of `CREATED_DAYS`, or a range of days. */
  created: string | null;
  /** A key of `EXPIRES_HOURS`, or a range of days. */
  expires: string | null;
}

export type ConditionName = keyof Conditions;

export const NO_CONDITIONS: Conditions = { priority: null, created: null, expires: null };

/** The ranges of creation times that end now, by the number of days. Today is the last of them. */
export const CREATED_DAYS: Readonly<Record<string, number>> = { today: 1, '7d': 7, '30d': 30 };

/** The ranges of expiry times that begin now. */
export const EXPIRES_HOURS: Readonly<Record<string, number>> = { '24h': 24, '7d': 7 * 24 };

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

/** The service combines the expiry with the status only. A URL with more keeps the other conditions. */
export function combinable({ priority, created, expires }: Conditions): Conditions {
  return { priority, created, expires: priority || created ? null : expires };
}

export function activeConditions(conditions: Conditions): ConditionName[] {
  return (['priority', 'created', 'expires'] as const).filter((name) => conditions[name] !== null);
}

export function hasConditions(conditions: Conditions): boolean {
  return activeConditions(conditions).length > 0;
}

/** Back undoes the start or the end of a condition, but not a change of its value. */
export function historyOf(before: Conditions, after: Conditions): 'push' | 'replace' {
  return String(activeConditions(before)) === String(activeConditions(after)) ? 'replace' : 'push';
}

/** Return the filter of the service at a time, or null without a condition. */
export function taskFilter(conditions: Conditions, status: TaskStatus | null, now: Date): TaskFilter | null {
  if (!hasConditions(conditions)) return null;
  const { priority, created, expires } = conditions;
  return {
    status,
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

function timesOfDays(text: string): DateTimeRange {
  const { first = null, last = null } = parseDayRange(text) ?? {};
  return {
    from: first && startOfDay(timeInDay(first)).toISOString(),
    before: last && startOfDay(timeInDay(last), 1).toISOString(),
  };
}

export type FilteredFields = Pick<TaskFieldsFragment, 'status' | 'priority' | 'createdAt' | 'expiresAt'>;

export function matchesFilter(filter: TaskFilter, task: FilteredFields): boolean {
  if (filter.status && filter.status !== task.status) return false;
  if (filter.priority && !filter.priority.includes(task.priority)) return false;
  return isInRange(filter.createdAt, task.createdAt) && isInRange(filter.expiresAt, task.expiresAt);
}

function isInRange(range: DateTimeRange | null | undefined, time: string | null): boolean {
  if (!range) return true;
  if (time === null) return false;
  const at = Date.parse(time);
  return (!range.from || Date.parse(range.from) <= at) && (!range.before || at < Date.parse(range.before));
}
