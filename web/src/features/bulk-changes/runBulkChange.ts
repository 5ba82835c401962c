/** Runs bulk changes batch by batch, reports what happened, and makes each one step of the undo stack. */
import type { ApolloClient } from '@apollo/client';
import { rebaseDrafts } from '@/features/task-editing/drafts';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { trackChange } from '@/features/task-editing/pendingChanges';
import { type ChangeRecord, rebaseUndoSteps, recordChange, type UndoStep } from '@/features/task-editing/undoStack';
import { showUndoToast } from '@/features/task-editing/undoToast';
import { invalidateList } from '@/features/tasks/listEvents';
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';
import { type BulkChange, doneMessage, failureMessage, runningLabel } from './bulkChange';
import { editItem, inverse, needsChange, updateItem, type UpdateItem } from './bulkItem';
import { bulkJob, isStopping, runBulkJob, updateBulkJob } from './bulkJob';
import { BulkLog } from './bulkLog';
import { type OperationKind, OPERATIONS, OPPOSITES } from './bulkOperations';
import { retryingRequest } from './retryingRequest';
import type { TaskSet } from './taskSet';
import { readAhead, readTaskSet } from './taskSource';

/** A task may change again between two attempts. */
const MAX_ROUNDS = 3;

interface Run {
  client: ApolloClient;
  kind: OperationKind;
  log: BulkLog;
  failures: Map<string, number>;
}

function newRun(client: ApolloClient, kind: OperationKind): Run {
  return { client, kind, log: new BulkLog(), failures: new Map() };
}

/** Change every task of the set. `total` is their number, if it is known. */
export function runBulkChange(
  client: ApolloClient,
  tasks: TaskSet,
  change: BulkChange,
  total: number | undefined,
): Promise<void> {
  const run = newRun(client, change.kind === 'delete' ? 'delete' : 'update');
  const job = runBulkJob({ label: runningLabel(change), total, isUndo: false }, async () => {
    const problem = await catchProblem(async () => {
      for await (const batch of readAhead(readTaskSet(client, retryingRequest, tasks))) {
        const items =
          change.kind === 'delete'
            ? batch.map((task) => updateItem(task, {}))
            : batch.map((task) => editItem(task, change)).filter(needsChange);
        await changeBatch(run, items);
        countDone(batch.length);
        if (isStopping()) return;
      }
    });
    report(run, change, problem);
  });
  return trackChange(job);
}

function report(run: Run, change: BulkChange, problem: string | undefined): void {
  const { log, failures } = run;
  const sayStopped = (text: string) => (isStopping() ? `${t('bulk.stopped')} ${text}` : text);
  if (log.count > 0) {
    const message = doneMessage(change, log.count);
    showUndoToast(sayStopped(message), recordRun(run, { origin: 'change', label: message.replace(/\.$/, '') }));
  } else if (!problem && failures.size === 0) showToast(sayStopped(t('bulk.nothingToChange')));
  reportProblems(run, problem);
  invalidateList();
}

/** Record what a run has done in the history, so that it can be taken back. */
function recordRun({ client, kind, log }: Run, record: ChangeRecord): UndoStep {
  return recordChange(record, (next) => revertLog(client, kind, log, next));
}

/** Take a bulk change back. If the person stops this, another step of the history does the rest. */
async function revertLog(client: ApolloClient, kind: OperationKind, log: BulkLog, record: ChangeRecord): Promise<void> {
  const run = newRun(client, OPPOSITES[kind]);
  const isUndo = record.origin === 'undo';
  await runBulkJob(
    { label: isUndo ? t('bulk.running.undo') : t('bulk.running.redo'), total: log.count, isUndo: true },
    async () => {
      const batches = log.batches();
      let unfinished: UpdateItem[] = [];
      const problem = await catchProblem(async () => {
        for (const batch of takeUntilStopped(batches)) {
          unfinished = batch;
          await changeBatch(run, kind === 'update' ? batch.map(inverse) : batch);
          unfinished = [];
          countDone(batch.length);
        }
      });
      const rest = new BulkLog();
      rest.append(unfinished);
      for (const batch of batches) rest.append(batch);
      if (run.log.count > 0) recordRun(run, record);
      reportReverted(run, rest, kind, record);
      reportProblems(run, problem);
      invalidateList();
    },
  );
}

/** Leaves the generator open, so that what remains in it can be read later. */
function* takeUntilStopped<T>(source: Generator<T>): Generator<T> {
  while (!isStopping()) {
    const result = source.next();
    if (result.done) return;
    yield result.value;
  }
}

function reportReverted({ client, log }: Run, rest: BulkLog, kind: OperationKind, record: ChangeRecord): void {
  const isUndo = record.origin === 'undo';
  if (rest.count > 0) {
    // The rest of an undo can still be undone, as if it had been redone.
    recordChange({ ...record, origin: isUndo ? 'redo' : 'undo' }, (next) => revertLog(client, kind, rest, next));
    showToast(isUndo ? t('bulk.leftToUndo', { count: rest.count }) : t('bulk.leftToRedo', { count: rest.count }));
  } else if (log.count > 0)
    showToast(isUndo ? t('bulk.done.undone', { count: log.count }) : t('bulk.done.redone', { count: log.count }));
}

/** Send one batch. If other fields of a task have changed since it was read, it is sent again with its current version. */
async function changeBatch({ client, kind, log, failures }: Run, batch: UpdateItem[]): Promise<void> {
  let items = batch;
  for (let round = 1; items.length > 0; round += 1) {
    const {
      changed,
      retry,
      failures: reasons,
    } = await retryingRequest((resent) => OPERATIONS[kind](client, items, resent));
    log.append(changed);
    for (const { id, version } of changed) {
      rebaseDrafts(id, version - 1, version);
      rebaseUndoSteps(id, version - 1, version);
    }
    const givenUp = round < MAX_ROUNDS ? [] : retry.map(() => t('bulk.contended'));
    for (const reason of [...reasons, ...givenUp]) failures.set(reason, (failures.get(reason) ?? 0) + 1);
    items = round < MAX_ROUNDS ? retry : [];
  }
}

/** Count tasks as done. In a list by expiry, tasks that move on are read twice. */
function countDone(count: number): void {
  const { done = 0, total } = bulkJob.get() ?? {};
  updateBulkJob({ done: Math.min(done + count, total ?? Infinity) });
}

async function catchProblem(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function reportProblems({ kind, failures }: Run, problem: string | undefined): void {
  const text = [problem, failureMessage(kind, failures)].filter(Boolean).join(' ');
  if (text) showErrorToast(text);
}
