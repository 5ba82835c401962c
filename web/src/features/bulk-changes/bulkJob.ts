/** The bulk change that runs now. At most one runs at a time, and others wait for it. */
import { createStore } from '@/ui/store';

export interface BulkJob {
  /** What the job does, for example "Completing". */
  label: string;
  done: number;
  /** Undefined if the number of tasks is not known, as in a search. */
  total: number | undefined;
  /** Why the job waits: the service is busy or does not answer. */
  problem: string | undefined;
  stopping: boolean;
  isUndo: boolean;
}

export const bulkJob = createStore<BulkJob | undefined>(undefined);

/** Stop after the batch in flight. */
export function stopBulkJob(): void {
  bulkJob.set((job) => job && { ...job, stopping: true });
}

/** Stop the job before an undo, which then reverts what the job has done. A job that is an undo itself continues. */
export function stopBulkChange(): void {
  if (bulkJob.get()?.isUndo === false) stopBulkJob();
}

/** Whether the job has been stopped, or has ended. */
export function isStopping(): boolean {
  return bulkJob.get()?.stopping ?? true;
}

export function updateBulkJob(changes: Partial<BulkJob>): void {
  bulkJob.set((job) => job && { ...job, ...changes });
}

let lastJob: Promise<unknown> = Promise.resolve();

/** Run a job after those that were started before. While it runs, the browser warns before the person leaves the page. */
export function runBulkJob<T>(job: Pick<BulkJob, 'label' | 'total' | 'isUndo'>, run: () => Promise<T>): Promise<T> {
  const result = lastJob.then(async () => {
    bulkJob.set({ ...job, done: 0, problem: undefined, stopping: false });
    window.addEventListener('beforeunload', warnBeforeLeaving);
    try {
      return await run();
    } finally {
      window.removeEventListener('beforeunload', warnBeforeLeaving);
      bulkJob.set(undefined);
    }
  });
  lastJob = result.catch(() => undefined);
  return result;
}

function warnBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
