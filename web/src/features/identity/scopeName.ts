import { t } from '@/ui/messages';

/** Return a scope in plain words, or as the service names it if the page does not know it. */
export function scopeName(scope: string): string {
  const names: Record<string, () => string> = {
    'tasks:read': () => t('account.scope.read'),
    'tasks:write': () => t('account.scope.write'),
    admin: () => t('account.scope.admin'),
  };
  return names[scope]?.() ?? scope;
}
