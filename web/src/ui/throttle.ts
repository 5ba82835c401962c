export interface Throttle {
  /** Run soon. Calls in the meantime are answered by the same run. */
  schedule: () => void;
  runNow: () => Promise<unknown>;
  /** Forget a scheduled run. */
  cancel: () => void;
}

interface Options {
  /** Collects calls that arrive together. */
  delayMs: number;
  /** The shortest time between the beginnings of two runs. */
  intervalMs: number;
}

/** Limit how often something runs. A scheduled run begins after the current one has ended. */
export function createThrottle(run: () => Promise<unknown>, { delayMs, intervalMs }: Options): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastRunAt = 0;
  let running: Promise<unknown> = Promise.resolve();
  const runNow = () => {
    lastRunAt = Date.now();
    return (running = run());
  };
  const schedule = () => {
    timer ??= setTimeout(() => void startAfter(timer), Math.max(lastRunAt + intervalMs - Date.now(), delayMs));
  };
  const startAfter = async (scheduled: typeof timer) => {
    await running.catch(() => undefined);
    if (timer !== scheduled) return;
    timer = undefined;
    await runNow().catch(() => undefined);
  };
  const cancel = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return { schedule, runNow, cancel };
}
