import { ApolloClient, ApolloLink, gql, InMemoryCache, ServerError } from '@apollo/client';
import { NEVER, of, throwError } from 'rxjs';
import { afterEach, expect, test, vi } from 'vitest';
import { connection, updateConnection } from '@/apollo/connection';
import { reachabilityLink, RESPONSE_TIMEOUT_MS } from '@/apollo/reachabilityLink';
import { serialMutationLink } from '@/apollo/serialMutationLink';
import { UnreachableError } from '@/apollo/unreachableError';

const MUTATION = gql('mutation Change($input: ChangeInput) { change(input: $input) }');
const ONE = { input: { id: 'one' } };

function clientThat(answers: ApolloLink.RequestHandler): ApolloClient {
  const link = ApolloLink.from([serialMutationLink, reachabilityLink, new ApolloLink(answers)]);
  return new ApolloClient({ cache: new InMemoryCache(), link });
}

afterEach(() => {
  vi.useRealTimers();
  updateConnection({ reachable: true });
});

test('a request that is never answered is given up, and the next mutation is sent', async () => {
  vi.useFakeTimers();
  const answers = [NEVER, of({ data: { change: true } })];
  const client = clientThat(() => answers.shift() ?? NEVER);
  const first = expect(client.mutate({ mutation: MUTATION, variables: ONE })).rejects.toBeInstanceOf(UnreachableError);
  const second = client.mutate({ mutation: MUTATION, variables: ONE });
  await vi.advanceTimersByTimeAsync(RESPONSE_TIMEOUT_MS - 1);
  expect(answers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await first;
  // Other requests may well be answered.
  expect(connection.get().reachable).toBe(true);
  expect((await second).data).toEqual({ change: true });
});

test('a mutation without an answer does not block those of other tasks', async () => {
  const answers = [NEVER, of({ data: { change: true } })];
  const client = clientThat(() => answers.shift() ?? NEVER);
  void client.mutate({ mutation: MUTATION, variables: { input: { tasks: [{ id: 'one' }, { id: 'two' }] } } });
  const other = client.mutate({ mutation: MUTATION, variables: { input: { id: 'three' } } });
  expect((await other).data).toEqual({ change: true });
});

test('an error of the network is the same in every browser', async () => {
  const client = clientThat(() => throwError(() => new TypeError('Load failed')));
  await expect(client.mutate({ mutation: MUTATION })).rejects.toThrow('The service cannot be reached.');
  expect(connection.get().reachable).toBe(false);
});

test('a response with an error is passed on, because the service is reachable', async () => {
  const response = new Response('', { status: 502 });
  const error = new ServerError('Received status code 502', { response, bodyText: '' });
  await expect(clientThat(() => throwError(() => error)).mutate({ mutation: MUTATION })).rejects.toBe(error);
  expect(connection.get().reachable).toBe(true);
});
