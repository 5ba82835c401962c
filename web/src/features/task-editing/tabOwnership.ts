/**
 * Decides which tab owns stored drafts. Tabs of one browser share the storage, but a draft is sent by one tab only.
 *
 * Each tab holds a Web Lock for as long as it lives. Another tab that gets this lock knows that the first one is gone.
 * Without HTTPS there are no Web Locks. There, tabs ask each other through a BroadcastChannel.
 */
import { uuid7 } from './taskIds';

/** How long to wait for the lock of another tab. A page that is being reloaded releases its lock within milliseconds. */
const LOCK_WAIT_MS = 2_000;
const ANSWER_WAIT_MS = 500;
const CHANNEL = 'millitask.tabs';

type Message = { ask: string } | { alive: string };

/** The id of this tab until it is closed or reloaded. */
export const tabId = uuid7();

let claimed: Promise<void> | undefined;

/** Make this tab the owner of its drafts. Resolves when other tabs can see it. */
export function claimTab(): Promise<void> {
  claimed ??= navigatorLocks() ? holdLock() : Promise.resolve(answerOtherTabs());
  return claimed;
}

/** Run `adopt` if the tab with this id is gone. No other tab runs it at the same time. */
export async function adoptFromClosedTab(id: string, adopt: () => Promise<void>): Promise<void> {
  const locks = navigatorLocks();
  if (!locks) {
    if (!(await isAlive(id))) await adopt();
    return;
  }
  const signal = AbortSignal.timeout(LOCK_WAIT_MS);
  await locks.request(lockName(id), { signal }, adopt).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function navigatorLocks(): LockManager | undefined {
  return (navigator as { locks?: LockManager }).locks;
}

function lockName(id: string): string {
  return `millitask.tab.${id}`;
}

function holdLock(): Promise<void> {
  return new Promise((resolve) => {
    const hold = () => {
      resolve();
      return new Promise<never>(() => {});
    };
    // If the browser refuses locks, as it does when its storage is blocked, no other tab can see the drafts either.
    navigatorLocks()
      ?.request(lockName(tabId), hold)
      .catch(() => resolve());
  });
}

function answerOtherTabs(): void {
  if (typeof BroadcastChannel === 'undefined') return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ('ask' in data && data.ask === tabId) channel.postMessage({ alive: tabId } satisfies Message);
  };
}

function isAlive(id: string): Promise<boolean> {
  if (typeof BroadcastChannel === 'undefined') return Promise.resolve(false);
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<boolean>((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Message>) => 'alive' in data && data.alive === id && resolve(true);
    channel.postMessage({ ask: id } satisfies Message);
    setTimeout(() => resolve(false), ANSWER_WAIT_MS);
  }).finally(() => channel.close());
}
