/** What an entry of the audit log says about its action, in the language of the page. */
import { scopeName } from '@/features/identity/scopeName';
import { formatLongDate, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';
import { tokenLabel } from './actorName';
import { refusalReason } from './refusalReason';

interface Action {
  action: string;
  target: string;
  /** A JSON object, as text. */
  details: string;
}

/** Return what the action was done to, as a sentence: `On API token “Deploy”`. Empty if the action has no target. */
export function describeTarget({ action, target, details }: Action): string {
  if (action === 'session.start' || action === 'session.refused') {
    if (target === 'token') return t('audit.method.token');
    if (target === 'oidc') return t('audit.method.oidc');
  }
  if (isOfToken(action)) {
    const { name } = parseObject(details);
    return t('audit.target', { target: tokenLabel(target, typeof name === 'string' ? name : null) });
  }
  return target && t('audit.target', { target });
}

/** Return a line for each detail: `Permissions: Read tasks`. What the page does not know stays as the service stores it. */
export function describeDetails({ action, details }: Action): string[] {
  const entries = Object.entries(parseObject(details));
  // The name of a token is in `describeTarget`.
  const shown = entries.filter(([name]) => !(isOfToken(action) && name === 'name'));
  return shown.map(([name, value]) => detail(name, value));
}

function isOfToken(action: string): boolean {
  return action.startsWith('token.');
}

function detail(name: string, value: unknown): string {
  if (name === 'scopes' && Array.isArray(value)) {
    return t('audit.detail.scopes', { scopes: formatValues(value.map((scope) => scopeName(String(scope)))) });
  }
  if (typeof value === 'string') {
    if (name === 'name') return t('audit.detail.name', { name: value });
    if (name === 'reason') return t('audit.detail.reason', { reason: refusalReason(value) });
    if (name === 'expires_at' && !Number.isNaN(Date.parse(value))) {
      return t('tokens.expires', { time: formatLongDate(value) });
    }
  }
  return `${name}: ${Array.isArray(value) ? value.join(' ') : String(value)}`;
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
