/** Why a sign-in at a provider failed. The service sends the browser back with the reason in the address. */
import { t } from '@/ui/messages';

const PARAMETER = 'signIn';

/** Return the reason as text, or undefined if no sign-in has failed. */
export function signInFailure(search = window.location.search): string | undefined {
  const code = new URLSearchParams(search).get(PARAMETER);
  if (code === null) return undefined;
  const reasons: Record<string, () => string> = {
    denied: () => t('signIn.denied'),
    noAccess: () => t('signIn.noAccess'),
    unavailable: () => t('signIn.unavailable'),
    tooMany: () => t('signIn.tooMany'),
  };
  return reasons[code]?.() ?? t('signIn.notFinished');
}

/** Return the path and the query of an address, as the person asked for it. */
export function withoutFailure({ pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>): string {
  const query = new URLSearchParams(search);
  if (!query.has(PARAMETER)) return pathname + search + hash;
  query.delete(PARAMETER);
  return pathname + (query.size > 0 ? `?${query}` : '') + hash;
}
