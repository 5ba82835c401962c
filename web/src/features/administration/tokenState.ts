import type { ApiTokenFieldsFragment } from '@/gql/administration';

/** Return whether a token can be used, and if not, why. */
export function tokenState(
  { revokedAt, expiresAt }: Pick<ApiTokenFieldsFragment, 'revokedAt' | 'expiresAt'>,
  now = Date.now(),
): 'valid' | 'revoked' | 'expired' {
  if (revokedAt) return 'revoked';
  return expiresAt && Date.parse(expiresAt) <= now ? 'expired' : 'valid';
}

/** Return a scope of the API in the form of a token: `tasks:read` for `TASKS_READ`. */
export function readScope(scope: string): string {
  return scope.toLowerCase().replace('_', ':');
}
