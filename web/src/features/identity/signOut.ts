/** Ends the session, and deletes what the browser has stored for the person. */
import { leaveSession, ownKey, startAfresh } from '@/apollo/session';
import { KEY as SEARCHES_KEY } from '@/features/search/recentSearches';
import { KEY as VIEWS_KEY } from '@/features/saved-views/savedViews';
import { countStoredDrafts, deleteDrafts } from '@/features/task-editing/draftStorage';
import { STORAGE_KEY as GONE_TASKS_KEY } from '@/features/task-editing/goneTasks';
import { changesInFlight } from '@/features/task-editing/pendingChanges';
import { listDrafts } from '@/features/task-editing/drafts';
import { safeLocalStorage } from '@/ui/safeStorage';
import { endSession } from './sessionRequests';

/** The keys under which the playground keeps its tabs and their headers. */
const PLAYGROUND_PREFIX = 'graphiql:';

/** Return the number of texts and changes that signing out would lose, those of other tabs too. */
export async function countUnsaved(): Promise<number> {
  const stored = await countStoredDrafts().catch(() => 0);
  return Math.max(stored, listDrafts().length) + changesInFlight.get();
}

/** Resolves to the reason if the service could not end the session. Then nothing is deleted. */
export async function signOut(): Promise<string | undefined> {
  const problem = await endSession();
  if (problem !== undefined) return problem;
  const keys = [ownKey(SEARCHES_KEY), ownKey(VIEWS_KEY), ...playgroundKeys()];
  const owner = leaveSession();
  try {
    if (owner !== undefined) await deleteDrafts(owner);
    for (const key of keys) safeLocalStorage().removeItem(key);
    sessionStorage.removeItem(ownKey(GONE_TASKS_KEY));
  } catch {
    // The browser blocks its storage, so it holds nothing.
  }
  startAfresh();
  return undefined;
}

function playgroundKeys(): string[] {
  return Object.keys(safeLocalStorage()).filter((key) => key.startsWith(PLAYGROUND_PREFIX));
}
