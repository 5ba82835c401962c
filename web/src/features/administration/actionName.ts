import { t } from '@/ui/messages';

/** Return what someone did in plain words, or as the service names it if the page does not know it. */
export function actionName(action: string): string {
  const names: Record<string, () => string> = {
    'access.refused': () => t('audit.action.accessRefused'),
    'session.end': () => t('audit.action.sessionEnd'),
    'session.refused': () => t('audit.action.sessionRefused'),
    'session.start': () => t('audit.action.sessionStart'),
    'session.switch': () => t('audit.action.sessionSwitch'),
    'token.create': () => t('audit.action.tokenCreate'),
    'token.revoke': () => t('audit.action.tokenRevoke'),
    'workspace.create': () => t('audit.action.workspaceCreate'),
    'workspace.rename': () => t('audit.action.workspaceRename'),
    'workspace.suspend': () => t('audit.action.workspaceSuspend'),
    'workspace.resume': () => t('audit.action.workspaceResume'),
    'workspace.delete': () => t('audit.action.workspaceDelete'),
  };
  return names[action]?.() ?? action;
}
