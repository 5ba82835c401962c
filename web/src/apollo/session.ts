/**
 * Who uses the page: the session of this browser at the service.
 *
 * Without identity (`open`) the page asks nobody who they are, and nothing waits for the answer. With identity, data of
 * the page in the browser belongs to a person in a workspace, its owner. Another owner gets a fresh page.
 */
import { safeLocalStorage } from '@/ui/safeStorage';
import { createStore, type ReadonlyStore } from '@/ui/store';
import { SESSION_URL } from './endpoints';

export interface Viewer {
  actor: string;
  name: string | null;
  workspace: { id: string; name: string };
  scopes: readonly string[];
  expiresAt: string | null;
  /** The workspaces among which the person can switch. */
  workspaces?: readonly { id: string; name: string }[] | null;
}

/** The answer of `GET /session`. */
interface SessionAnswer {
  identity: 'none' | 'required';
  viewer: Viewer | null;
  methods: readonly string[];
  issuers: readonly { id: string; name: string }[];
  csrf: string | null;
}

export interface SessionState extends Pick<SessionAnswer, 'methods' | 'issuers' | 'csrf'> {
  /** `unknown` until the service has answered, and `open` if it has no identity. */
  status: 'unknown' | 'open' | 'signedIn' | 'signedOut';
  /** Who is signed in, or who was signed in last while this page was open. */
  viewer: Viewer | null;
}

const STORAGE_KEY = 'millitask.session';
const CHANNEL = 'millitask.session';
const TIMEOUT_MS = 10_000;

const state = createStore<SessionState>({ status: 'unknown', viewer: null, methods: [], issuers: [], csrf: null });
export const session: ReadonlyStore<SessionState> = state;

/** Whether the service required identity when this browser last asked. */
const wasRequired = typeof window !== 'undefined' && safeLocalStorage().getItem(STORAGE_KEY) === 'required';
let owner: string | undefined;
let leaving = false;
let running: Promise<void> | undefined;
let channel: BroadcastChannel | undefined;

/** Ask the service who is signed in, and follow the other tabs. Call this once, as early as possible. */
export function startSession(): void {
  void checkSession();
  if (typeof BroadcastChannel !== 'undefined') {
    channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => (data === 'left' ? startAfresh() : void checkSession());
  }
  const recheck = () => state.get().status === 'signedOut' && void checkSession();
  // The person may have signed in at another tab or window, or come back to a page that the browser has kept.
  window.addEventListener('focus', recheck);
  window.addEventListener('pageshow', (event) => event.persisted && void checkSession());
}

/** Ask the service who is signed in. Never rejects: without an answer, the state stays as it was. */
export function checkSession(): Promise<void> {
  running ??= readSession().finally(() => {
    running = undefined;
  });
  return running;
}

/** Ask again after the session has changed, and tell the other tabs. */
export async function sessionChanged(): Promise<void> {
  await running;
  await checkSession();
  channel?.postMessage('changed');
}

async function readSession(): Promise<void> {
  try {
    const response = await fetch(SESSION_URL, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    // A service from before this page has no sessions.
    if (response.status === 404) return acceptSession({ identity: 'none' });
    if (response.ok) acceptSession((await response.json()) as SessionAnswer);
  } catch {
    // The service cannot be reached. The next request asks again.
  }
}

/** Take over what the service says. Another person, or another workspace, starts with a fresh page. */
export function acceptSession(answer: SessionAnswer | { identity: 'none' }): void {
  if (leaving) return;
  const { status, viewer } = state.get();
  const next = answer.identity === 'none' ? '' : answer.viewer ? ownerOf(answer.viewer) : undefined;
  if (next !== undefined && owner !== undefined && next !== owner) return startAfresh();
  // The page has shown data without identity. Identity is required now.
  if (next === undefined && status === 'open') return startOver();
  owner ??= next;
  remember(answer.identity);
  if (answer.identity === 'none') return state.set((current) => ({ ...current, status: 'open' }));
  const { methods, issuers, csrf } = answer;
  const signedIn = answer.viewer !== null;
  state.set({
    status: signedIn ? 'signedIn' : 'signedOut',
    viewer: withScopes(answer.viewer) ?? viewer,
    methods,
    issuers,
    csrf,
  });
}

/** Return the scopes as a token names them: `tasks:read`, also for `TASKS_READ`. */
function withScopes(viewer: Viewer | null): Viewer | null {
  return viewer && { ...viewer, scopes: viewer.scopes.map((scope) => scope.toLowerCase().replace('_', ':')) };
}

/** Name the data of a person in a workspace. */
function ownerOf({ actor, workspace }: Viewer): string {
  return [actor, workspace.id].map(encodeURIComponent).join(' ');
}

function remember(identity: SessionAnswer['identity']): void {
  try {
    if (identity === 'none') safeLocalStorage().removeItem(STORAGE_KEY);
    else safeLocalStorage().setItem(STORAGE_KEY, identity);
  } catch {
    // The storage is full. The next visit sends a request more.
  }
}

/** Return the key of a value that belongs to the present person in the storage of the browser. */
export function ownKey(key: string): string {
  return owner ? `${key} ${owner}` : key;
}

/** Resolves to the owner of the data of this page as soon as it is known, and never if the page is being left. */
export async function knownOwner(): Promise<string> {
  if (owner === undefined) {
    void checkSession();
    await until(() => owner !== undefined);
  }
  if (leaving) await new Promise<never>(() => {});
  return owner ?? '';
}

/** Whether the first requests wait for the session. Without identity at the last visit, they do not. */
export function isExpectingSession(): boolean {
  return wasRequired && state.get().status === 'unknown';
}

/** Whether a request can be sent now. */
function isReady(): boolean {
  const { status } = state.get();
  return !leaving && status !== 'signedOut' && !(status === 'unknown' && wasRequired);
}

/** Resolves when a request can be sent: at once, or after the person has signed in. */
export async function sessionReady(): Promise<void> {
  if (isReady()) return;
  if (state.get().status === 'unknown') {
    await checkSession();
    // Without an answer, the request fails for the same reason, and says so.
    if (state.get().status === 'unknown') return;
  }
  await until(isReady);
}

function until(isTrue: () => boolean): Promise<void> {
  if (isTrue()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = state.subscribe(() => {
      if (!isTrue()) return;
      stop();
      resolve();
    });
  });
}

/** The header that protects requests with the cookie of the session from other sites. */
export function csrfHeaders(): Record<string, string> {
  const { csrf } = state.get();
  return csrf ? { 'X-CSRF-Token': csrf } : {};
}

/** Stop storing data for the present person. Returns the owner of the data to delete. */
export function leaveSession(): string | undefined {
  leaving = true;
  channel?.postMessage('left');
  return owner;
}

/** Load the page for somebody else: nothing of the last owner stays in the address, such as a task or a search. */
export function startAfresh(): void {
  leave();
  window.location.replace(window.location.pathname);
}

/** Load this address again. */
function startOver(): void {
  leave();
  window.location.reload();
}

/** Leave the page without a warning: what is unsaved is stored for its owner, or was given up. */
function leave(): void {
  leaving = true;
  window.addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), { capture: true });
}
