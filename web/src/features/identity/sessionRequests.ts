/** The requests that start, change and end a session. */
import { SESSION_URL } from '@/apollo/endpoints';
import { checkSession, csrfHeaders, sessionChanged } from '@/apollo/session';
import { t } from '@/ui/messages';

const TIMEOUT_MS = 15_000;

interface ErrorAnswer {
  message?: string;
  errors?: { message?: string }[];
}

/** Sign in with a token. Resolves to the reason if that failed. */
export async function signInWithToken(token: string): Promise<string | undefined> {
  const problem = await send('POST', '/token', { token });
  if (problem === undefined) await sessionChanged();
  return problem;
}

/** Switch to another workspace. Resolves to the reason if that failed. The page is then loaded afresh. */
export async function switchWorkspace(workspace: string): Promise<string | undefined> {
  const problem = await send('POST', '/workspace', { workspace });
  if (problem === undefined) await sessionChanged();
  return problem;
}

/** End the session at the service. Resolves to the reason if that failed. */
export function endSession(): Promise<string | undefined> {
  return send('DELETE', '');
}

/** Return the address that starts signing in at an issuer, and returns to a path of this page. */
export function issuerUrl(id: string, path: string): string {
  return `${SESSION_URL}/oidc/${encodeURIComponent(id)}?to=${encodeURIComponent(path)}`;
}

async function send(method: string, path: string, body?: object, isRepeated = false): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(SESSION_URL + path, {
      method,
      headers: { ...csrfHeaders(), ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return t('signIn.unreachable');
  }
  if (response.ok) return undefined;
  if (response.status === 403 && !isRepeated) {
    // Another tab may have signed in or out since.
    await checkSession();
    return send(method, path, body, true);
  }
  return reasonOf(response);
}

async function reasonOf(response: Response): Promise<string> {
  if (response.status === 401) return t('signIn.refused');
  if (response.status === 429) return t('signIn.tooMany');
  try {
    const { message, errors } = (await response.json()) as ErrorAnswer;
    return message ?? errors?.[0]?.message ?? t('signIn.failed', { status: response.status });
  } catch {
    return t('signIn.failed', { status: response.status });
  }
}
