import { ApolloLink, gql } from '@apollo/client';
import { Observable, Subject } from 'rxjs';
import { beforeEach, describe, expect, test, vi } from 'vitest';

const QUERY = gql`
  query TaskPage {
    page
  }
`;

let feedStart: typeof import('@/apollo/feedStart');

/** A request that is on its way, and whether it asks for a rev. */
interface Request {
  asksForRev: boolean;
  /** Answer the request, with a rev or without one. */
  answer: (rev?: string) => void;
  fail: () => void;
  abort: () => void;
}

function send(): Request {
  const answers = new Subject<ApolloLink.Result>();
  let operation: ApolloLink.Operation | undefined;
  const lastLink = new ApolloLink((sent) => {
    operation = sent;
    return answers as Observable<ApolloLink.Result>;
  });
  const running = ApolloLink.execute(ApolloLink.from([feedStart.feedStartLink, lastLink]), { query: QUERY }, {
    client: {},
  } as never).subscribe({ error: () => {} });
  return {
    asksForRev: (operation?.getContext()['headers'] as Record<string, string> | undefined)?.['X-Millitask-Rev'] === '1',
    answer: (rev) => {
      operation?.setContext({ response: new Response(null, rev ? { headers: { 'X-Millitask-Rev': rev } } : {}) });
      answers.next({ data: {} });
      answers.complete();
    },
    fail: () => answers.error(new Error('unreachable')),
    abort: () => running.unsubscribe(),
  };
}

/** Let what is scheduled run, and return how often changes were missed. */
async function missed(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve));
  return feedStart.missedChanges.get();
}

beforeEach(async () => {
  vi.resetModules();
  feedStart = await import('@/apollo/feedStart');
});

describe('the subscription', () => {
  test('starts after the lowest rev of the answers', () => {
    for (const rev of ['3-12', '3-9', '3-10']) send().answer(rev);
    expect(feedStart.takeFeedStart()).toBe('3-9');
  });

  test.each([
    ['an answer had no rev', () => send().answer()],
    ['a request failed', () => send().fail()],
    ['the index was replaced in between', () => send().answer('4-1')],
    ['the connection was lost before', () => feedStart.forgetFeedStart()],
  ])('starts with a RESYNC if %s', (_, happen) => {
    send().answer('3-12');
    happen();
    send().answer('3-13');
    expect(feedStart.takeFeedStart()).toBeNull();
  });

  test('starts with a RESYNC before the first answer, and when it is sent again', () => {
    expect(feedStart.takeFeedStart()).toBeNull();
    send().answer('3-12');
    expect(feedStart.takeFeedStart()).toBeNull();
  });

  test('waits for the requests that are on their way', async () => {
    const [one, two, three] = [send(), send(), send()];
    let waiting = true;
    void feedStart.firstAnswers().then(() => {
      waiting = false;
    });
    one.answer('3-12');
    two.fail();
    await missed();
    expect(waiting).toBe(true);
    three.abort();
    await missed();
    expect(waiting).toBe(false);
  });
});

describe('an answer that arrives after the page has subscribed', () => {
  test.each([
    ['with a lower rev', '3-11', 1],
    ['without a rev', undefined, 1],
    ['of another index', '2-99', 1],
    ['with the same rev', '3-12', 0],
    ['with a higher rev', '3-13', 0],
  ])('%s', async (_, rev, expected) => {
    send().answer('3-12');
    const late = send();
    feedStart.takeFeedStart();
    late.answer(rev);
    expect(feedStart.missedChanges.get()).toBe(0);
    expect(await missed()).toBe(expected);
  });

  test('lacks changes if the page has subscribed before the first answer', async () => {
    const late = send();
    feedStart.takeFeedStart();
    late.answer('3-12');
    expect(await missed()).toBe(1);
  });

  test('asks for no rev if its request was sent after that', async () => {
    expect(send().asksForRev).toBe(true);
    feedStart.takeFeedStart();
    const next = send();
    expect(next.asksForRev).toBe(false);
    next.answer();
    expect(await missed()).toBe(0);
  });
});
