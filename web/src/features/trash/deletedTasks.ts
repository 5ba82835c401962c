/** Deleted tasks as the trash shows them: loaded pages, and how long each task can be restored. */
import type { DeletedTaskFieldsFragment } from '@/gql';
import { formatLongDate, formatTimeAgo, formatTimeUntil } from '@/ui/format';
import { t } from '@/ui/messages';

export interface LoadedTasks {
  tasks: DeletedTaskFieldsFragment[];
  /** The cursor of the last task. */
  endCursor: string | null;
  hasNextPage: boolean;
}

export const NOTHING_LOADED: LoadedTasks = { tasks: [], endCursor: null, hasNextPage: true };

/** Append a page. A task that was deleted again since is in the first pages, so the older entry is dropped. */
export function appendPage(loaded: LoadedTasks, page: LoadedTasks): LoadedTasks {
  const ids = new Set(loaded.tasks.map(({ task }) => task.id));
  const added = page.tasks.filter(({ task }) => !ids.has(task.id));
  return { ...page, endCursor: page.endCursor ?? loaded.endCursor, tasks: [...loaded.tasks, ...added] };
}

export function withoutTasks(loaded: LoadedTasks, ids: string[]): LoadedTasks {
  const removed = new Set(ids);
  return { ...loaded, tasks: loaded.tasks.filter(({ task }) => !removed.has(task.id)) };
}

export interface TimeText {
  text: string;
  exact: string;
  iso: string;
}

export function deletionText({ deletedAt }: DeletedTaskFieldsFragment, now = new Date()): TimeText {
  return {
    text: t('trash.deleted', { when: formatTimeAgo(deletedAt, now) }),
    exact: formatLongDate(deletedAt),
    iso: deletedAt,
  };
}

/** Return when the task can no longer be restored: its expiry, if that is earlier than the purge. */
export function removalText({ purgeAt, task }: DeletedTaskFieldsFragment, now = new Date()): TimeText {
  const expires = task.expiresAt !== null && new Date(task.expiresAt) < new Date(purgeAt) ? task.expiresAt : null;
  const iso = expires ?? purgeAt;
  const when = formatTimeUntil(iso, now);
  return {
    text: expires ? t('trash.expires', { when }) : t('trash.purged', { when }),
    exact: formatLongDate(iso),
    iso,
  };
}
