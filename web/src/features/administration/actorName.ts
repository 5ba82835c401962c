import { session } from '@/apollo/session';
import { nameOf } from '@/features/identity/nameOf';
import { quote } from '@/ui/bidi';
import { t } from '@/ui/messages';

/** Return an actor in words that follow “by”. `tokenName` is the name of the token that the actor is, if it is known. */
export function actorName(actor: string, tokenName?: string | null): string {
  const [kind, rest] = divide(actor, ':');
  if (kind === 'token') return tokenLabel(rest, tokenName);
  if (kind === 'cli') return t('audit.actor.cli', { user: rest });
  if (actor === 'anonymous') return t('audit.actor.anonymous');
  const { viewer } = session.get();
  if (viewer?.actor === actor && nameOf(viewer) !== actor) return nameOf(viewer);
  const [issuer, subject] = divide(actor, '#');
  return subject && URL.canParse(issuer) ? t('audit.actor.person', { subject, issuer: new URL(issuer).host }) : actor;
}

/** Return what people call a token: its name, or else its id. */
export function tokenLabel(id: string, name?: string | null): string {
  return t('audit.actor.token', { name: name ? quote(name) : id });
}

/** Return the text before and after the first separator. */
function divide(text: string, separator: string): [string, string] {
  const position = text.indexOf(separator);
  return position < 0 ? [text, ''] : [text.slice(0, position), text.slice(position + 1)];
}
