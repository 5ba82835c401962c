import { ApolloClient, ApolloLink, gql, InMemoryCache } from '@apollo/client';
import { from, of } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limitedUntil, rateLimitLink, waitMs } from '@/apollo/rateLimitLink';

const QUERY = gql('query Tasks { tasks }');
const MUTATION = gql('mutation Change { change }');

const load = async () => ({
  ...(await import('@/apollo/session')),
  ...(await import('@/apollo/sessionLink')),
});
let session: Awaited<ReturnType<typeof load>>;
const reload = vi.fn();
const replace = vi.fn();
/** What `GET /session` answers. */
let answer: object;

const viewer = (actor: string, workspace = 'default', scopes = ['tasks:read']) => ({
  actor,
  name: actor,
  workspace: { id: workspace, name: workspace },
  scopes,
  expiresAt: null,
});
const required = (who: ReturnType<typeof viewer> | null, csrf = 'one') => ({
  identity: 'required' as const,
  viewer: who,
  methods: ['token'],
  issuers: [],
  csrf,
});
const refusal = (code: string, more = {}) => ({ errors: [{ message: code, extensions: { code, ...more } }] });

/** Load the page's modules as a browser with this storage does. */
async function openPage(stored: string | null = null): Promise<void> {
  const values = new Map(stored === null ? [] : [['millitask.session', stored]]);
  const localStorage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
  };
  vi.stubGlobal('window', {
    localStorage,
    addEventListener: vi.fn(),
    location: { reload, replace, pathname: '/', origin: 'http://test' },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(answer)));
  vi.resetModules();
  session = await load();
}

/** Return a client whose requests are answered one after the other, and the headers of each request. */
function clientThat(...answers: ApolloLink.Result[]) {
  const sent: Record<string, string>[] = [];
  const service = new ApolloLink((operation) => {
    sent.push((operation.getContext()['headers'] ?? {}) as Record<string, string>);
    return of(answers.shift() ?? { data: {} });
  });
  const link = ApolloLink.from([session.sessionLink, service]);
  return { client: new ApolloClient({ cache: new InMemoryCache(), link, devtools: { enabled: false } }), sent };
}

beforeEach(() => openPage());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  reload.mockClear();
  replace.mockClear();
});

test('without identity, nothing waits for the session, and the storage has the names that it always had', async () => {
  answer = { identity: 'none' };
  const { client, sent } = clientThat({ data: { tasks: 1 } });
  expect((await client.query({ query: QUERY })).data).toEqual({ tasks: 1 });
  expect(sent).toEqual([{}]);
  expect(await session.knownOwner()).toBe('');
  expect(session.ownKey('searches')).toBe('searches');
});

test('a browser that knows identity sends its first request with the session', async () => {
  await openPage('required');
  answer = required(viewer('ada'));
  const { client, sent } = clientThat({ data: { tasks: 1 } });
  await client.query({ query: QUERY });
  expect(sent).toEqual([{ 'X-CSRF-Token': 'one' }]);
});

test('data belongs to a person in a workspace', async () => {
  session.acceptSession(required(viewer('token:a b', 'acme')));
  expect(await session.knownOwner()).toBe('token%3Aa%20b acme');
  expect(session.ownKey('searches')).toBe('searches token%3Aa%20b acme');
});

test('a request waits while nobody is signed in, and is sent once the same person is back', async () => {
  session.acceptSession(required(viewer('ada')));
  answer = required(null, '');
  const { client, sent } = clientThat(refusal('UNAUTHENTICATED'), { data: { change: true } });
  const change = client.mutate({ mutation: MUTATION });
  await vi.waitFor(() => expect(session.session.get().status).toBe('signedOut'));
  expect(sent).toHaveLength(1);
  session.acceptSession(required(viewer('ada'), 'two'));
  expect((await change).data).toEqual({ change: true });
  expect(sent.at(-1)).toEqual({ 'X-CSRF-Token': 'two' });
  expect(replace).not.toHaveBeenCalled();
});

test.each([
  ['another person', viewer('bob')],
  ['another workspace', viewer('ada', 'acme')],
])('%s gets a fresh page, and what waits is never sent', async (_, next) => {
  session.acceptSession(required(viewer('ada')));
  session.acceptSession(required(null, ''));
  const { client, sent } = clientThat();
  void client.mutate({ mutation: MUTATION });
  session.acceptSession(required(next, 'two'));
  expect(replace).toHaveBeenCalledExactlyOnceWith('/');
  // Nothing brings the old page back, not even the first person.
  session.acceptSession(required(viewer('ada'), 'three'));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(sent).toEqual([]);
});

test('a session that another tab has replaced is read again, and the request is repeated', async () => {
  session.acceptSession(required(viewer('ada')));
  answer = required(viewer('ada'), 'two');
  const { client, sent } = clientThat(refusal('CSRF_TOKEN_INVALID'), { data: { change: true } });
  expect((await client.mutate({ mutation: MUTATION })).data).toEqual({ change: true });
  expect(sent).toEqual([{ 'X-CSRF-Token': 'one' }, { 'X-CSRF-Token': 'two' }]);
});

test('scopes of the API and of tokens are the same', () => {
  session.acceptSession(required(viewer('ada', 'default', ['TASKS_READ', 'tasks:write', 'ADMIN'])));
  expect(session.session.get().viewer?.scopes).toEqual(['tasks:read', 'tasks:write', 'admin']);
});

test('requests beyond the rate limit are sent again after the time that the service asks for', async () => {
  vi.useFakeTimers();
  const limited = refusal('RATE_LIMITED', { retryAfterMs: 3_000 });
  const answers: ApolloLink.Result[] = [limited, { data: { tasks: 1 } }, limited, { data: { change: true } }];
  const service = new ApolloLink(() => from(Promise.resolve(answers.shift() ?? {})));
  const link = ApolloLink.from([rateLimitLink, service]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link, devtools: { enabled: false } });
  const query = client.query({ query: QUERY });
  await vi.advanceTimersByTimeAsync(2_999);
  expect(limitedUntil.get()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await query).data).toEqual({ tasks: 1 });
  expect(limitedUntil.get()).toEqual([]);
  // The change was not executed, so it is safe to send it again.
  const change = client.mutate({ mutation: MUTATION });
  await vi.advanceTimersByTimeAsync(4_000);
  expect((await change).data).toEqual({ change: true });
});

test('queries that wait do not come all at once', () => {
  expect(waitMs(1_000, 0)).toBe(1_000);
  expect(waitMs(1_000, 1)).toBe(1_250);
  expect(waitMs(3_600_000, 0)).toBe(60_000);
});
