import { bulkJob, isStopping, updateBulkJob } from './bulkJob';
import { retryDelayMs } from './retry';

/** Sends a request of the running job again while the service is busy or does not answer. */
export type RetryingRequest = <T>(send: (resent: boolean) => Promise<T>) => Promise<T>;

const STOP_CHECK_MS = 100;

/** The request ends with its latest error when the job is stopped. */
export const retryingRequest: RetryingRequest = async (send) => {
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await send(failures > 0);
      if (bulkJob.get()?.problem !== undefined) updateBulkJob({ problem: undefined });
      return result;
    } catch (error) {
      const delayMs = retryDelayMs(error, failures + 1);
      if (delayMs === undefined || isStopping()) throw error;
      updateBulkJob({ problem: error instanceof Error ? error.message : String(error) });
      await waitUnlessStopped(delayMs);
      if (isStopping()) throw error;
    }
  }
};

async function waitUnlessStopped(delayMs: number): Promise<void> {
  const until = Date.now() + delayMs;
  while (Date.now() < until && !isStopping()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(STOP_CHECK_MS, delayMs)));
  }
}
