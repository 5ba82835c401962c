/** What the person may do: the scopes of their token or session. Without identity, everything. */
import { session, type SessionState } from '@/apollo/session';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { showErrorToast } from '@/ui/toast';

type Scope = 'tasks:read' | 'tasks:write' | 'admin';

/** Whether the person has a scope. While the session is not known, the page shows every control. */
function hasScope({ viewer }: SessionState, scope: Scope): boolean {
  return viewer === null || viewer.scopes.includes(scope);
}

export function useCanWrite(): boolean {
  return hasScope(useStore(session), 'tasks:write');
}

/** Whether the page offers the views for administrators. Without identity, there are none. */
export function useIsAdmin(): boolean {
  const state = useStore(session);
  return state.viewer !== null && hasScope(state, 'admin');
}

/** Return whether the person may change tasks. If not, say so. */
export function checkCanWrite(): boolean {
  const permitted = hasScope(session.get(), 'tasks:write');
  if (!permitted) showErrorToast(t('session.readOnly'));
  return permitted;
}
