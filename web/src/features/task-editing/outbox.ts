/**
 * Sends text that is not saved yet: as soon as it is committed, after reconnecting, and after the tab was reopened.
 *
 * A draft is sent with the version that it builds on, so sending it twice changes nothing.
 */
import type { ApolloClient } from '@apollo/client';
import { connection } from '@/apollo/connection';
import { readTaskRow } from '@/features/tasks/readTaskRow';
import type { UpdateTaskInput } from '@/gql';
import { t } from '@/ui/messages';
import { createStore, useStore } from '@/ui/store';
import {
  adoptDrafts,
  FORM,
  hasDraftOf,
  isFormDraft,
  listDrafts,
  ownerOfDraft,
  readDraft,
  readDraftStatus,
  setDraftStatus,
  subscribeToDrafts,
  writeDraft,
} from './drafts';
import { rememberGoneTask } from './goneTasks';
import { readTasks } from './lostAnswers';
import { isQueuedCreate, sendQueuedCreate } from './queuedCreates';
import { updateTasks } from './useUpdateTasks';

const FIRST_RETRY_MS = 2_000;
/** Not longer, because the service may have refused a text while it still answers everything else. */
const MAX_RETRY_MS = 8_000;
const ADOPT_INTERVAL_MS = 60_000;

/** Send the drafts with these keys as soon as the service can be reached. */
export function commitDrafts(keys: string[]): void {
  setDraftStatus(keys, { kind: 'queued' });
}

/** Send drafts until the returned function is called. */
export function startOutbox(client: ApolloClient): () => void {
  const outbox = new Outbox(client);
  const stops = [
    subscribeToDrafts(outbox.send),
    subscribeToDrafts(adoptPostponed),
    connection.subscribe(outbox.onConnectionChange),
  ];
  const timer = setInterval(() => void adopt(false), ADOPT_INTERVAL_MS);
  void adopt(true);
  return () => {
    clearInterval(timer);
    outbox.stop();
    for (const stop of stops) stop();
  };
}

/** The tasks, or the form, that have text of this tab and text of a closed tab. */
export const postponedDrafts = createStore<ReadonlySet<string>>(new Set());

/** Whether a closed tab has left text of the form that has no room in the form now. */
export function useFormTextWaits(): boolean {
  return useStore(postponedDrafts).has(FORM);
}

/** Send what tabs that are gone have left. The content of their form for a new task appears in the form again. */
async function adopt(includeForm: boolean): Promise<void> {
  const found = await adoptDrafts(includeForm);
  // Without the form, nothing was found out about its text.
  if (!includeForm && postponedDrafts.get().has(FORM)) found.postponed.add(FORM);
  postponedDrafts.set(found.postponed);
  const keys = found.adopted;
  const isBlankTitle = (key: string) => key.endsWith('.title') && !readDraft(key)?.text.trim();
  for (const key of keys.filter(isBlankTitle)) writeDraft(key, undefined);
  commitDrafts(keys.filter((key) => !isFormDraft(key)));
  // Text of this tab may have been saved in the meantime.
  adoptPostponed();
}

/** Take over text of closed tabs as soon as this tab has saved, sent or discarded its own text of the same task or form. */
function adoptPostponed(): void {
  const free = [...postponedDrafts.get()].filter((owner) => !hasDraftOf(owner));
  if (free.length === 0) return;
  postponedDrafts.set(new Set([...postponedDrafts.get()].filter((owner) => !free.includes(owner))));
  void adopt(free.includes(FORM) || postponedDrafts.get().has(FORM));
}

class Outbox {
  private readonly loading = new Set<string>();
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private sending = false;
  private again = false;
  private before = connection.get();

  constructor(private readonly client: ApolloClient) {}

  readonly stop = () => clearTimeout(this.retryTimer);

  /** Send again at once when the service returns, or changes what it uses: it may accept now what it has refused. */
  readonly onConnectionChange = () => {
    const [before, now] = [this.before, connection.get()];
    this.before = now;
    const returned = !before.reachable || (now.socket === 'open' && before.socket !== 'open');
    if (!now.reachable || !(returned || now.degraded !== before.degraded)) return;
    this.retryMs = FIRST_RETRY_MS;
    this.retryNow();
  };

  /** Send every queued draft. Sending changes drafts, which calls this function again: `again` replaces that call. */
  readonly send = () => {
    this.scheduleRetry();
    this.again = true;
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.again) {
        this.again = false;
        this.sendQueued();
      }
    } finally {
      this.sending = false;
    }
  };

  private sendQueued(): void {
    if (!connection.get().reachable) return;
    const queued = keysWith('queued');
    for (const key of queued.filter(isQueuedCreate)) void sendQueuedCreate(this.client, key);
    for (const id of new Set(queued.filter((key) => !isQueuedCreate(key)).map(ownerOfDraft))) this.sendTask(id);
  }

  private sendTask(id: string): void {
    const task = readTaskRow(this.client, id);
    if (!task) return void this.loadTask(id);
    const queued = listDrafts().filter(([key]) => ownerOfDraft(key) === id && readDraftStatus(key)?.kind === 'queued');
    const [first] = queued;
    if (!first) return;
    const input: UpdateTaskInput = { id, expectedVersion: first[1].version };
    for (const [key, { text, version }] of queued) {
      const field = key.slice(id.length + 1);
      if (version !== first[1].version) continue;
      if (field === 'title') input.title = text.trim();
      if (field === 'description') input.description = text;
    }
    void updateTasks(this.client, [input]).then((saved) => {
      if (saved) this.retryMs = FIRST_RETRY_MS;
    });
  }

  /** Load a task that the list has not shown, so that its fields can be saved one after the other. */
  private async loadTask(id: string): Promise<void> {
    if (this.loading.has(id)) return;
    this.loading.add(id);
    const keys = keysWith('queued').filter((key) => ownerOfDraft(key) === id);
    try {
      const [task] = await readTasks(this.client, [id]);
      if (!task) {
        setDraftStatus(keys, { kind: 'failed', reason: t('goneTask.unknown') });
        rememberGoneTask(this.client, id, 'unknown');
      }
    } catch {
      setDraftStatus(keys, { kind: 'waiting' });
    } finally {
      this.loading.delete(id);
      this.send();
    }
  }

  private scheduleRetry(): void {
    if (this.retryTimer !== undefined || keysWith('waiting').length === 0) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
      if (connection.get().reachable) this.retryNow();
      else this.scheduleRetry();
    }, this.retryMs);
  }

  readonly retryNow = (): void => {
    commitDrafts(keysWith('waiting'));
    this.send();
  };
}

function keysWith(kind: 'queued' | 'waiting'): string[] {
  return listDrafts().flatMap(([key]) => (readDraftStatus(key)?.kind === kind ? [key] : []));
}
