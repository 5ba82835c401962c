/* eslint-disable no-restricted-syntax -- The keys are texts of the service, which the audit log stores. */
import { t } from '@/ui/messages';

/** Return why a sign-in was refused, or the words of the service if the page does not know them. */
export function refusalReason(reason: string): string {
  const known: Record<string, () => string> = {
    'The token is not valid: it is unknown, has expired or was revoked. Use another token.': () =>
      t('audit.reason.invalid'),
    'The token is not of a kind that this service accepts.': () => t('audit.reason.kind'),
    'The token has expired.': () => t('audit.reason.expired'),
    'The issuer of the token is not accepted.': () => t('audit.reason.issuer'),
    'The token names only workspaces that its issuer may not name.': () => t('audit.reason.issuerWorkspace'),
    'There is no workspace for this identity.': () => t('audit.reason.noWorkspace'),
    'The workspace is suspended, so it answers no requests. Ask the operator of the service.': () =>
      t('audit.reason.suspended'),
    'The sign-in did not succeed. Start it again.': () => t('audit.reason.failed'),
    'The session is not valid. Sign in again.': () => t('audit.reason.session'),
  };
  return known[reason]?.() ?? reason;
}
