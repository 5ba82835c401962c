import type { TaskList } from './taskLists';

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/** Return the lists that take tasks by name, and the current list even if it is archived. */
export function listChoices(lists: readonly (TaskList | null)[], current?: string | null): TaskList[] {
  return sortLists(lists).filter(({ id, archivedAt }) => archivedAt === null || id === current);
}

/** Return the lists that exist, by name. */
export function sortLists(lists: readonly (TaskList | null)[]): TaskList[] {
  return lists
    .filter((list) => list !== null)
    .sort((a, b) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
