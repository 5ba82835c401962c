import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createThrottle } from '@/ui/throttle';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMITS = { delayMs: 30, intervalMs: 400 };

test('calls that arrive together run once', async () => {
  const run = vi.fn(() => Promise.resolve());
  const throttle = createThrottle(run, LIMITS);
  throttle.schedule();
  throttle.schedule();
  await vi.advanceTimersByTimeAsync(29);
  expect(run).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(run).toHaveBeenCalledTimes(1);
});

test('the next run waits for the interval', async () => {
  const run = vi.fn(() => Promise.resolve());
  const throttle = createThrottle(run, LIMITS);
  await throttle.runNow();
  throttle.schedule();
  await vi.advanceTimersByTimeAsync(399);
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a call during a run starts another one after it', async () => {
  let finish = () => {};
  const run = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  const throttle = createThrottle(run, LIMITS);
  void throttle.runNow();
  throttle.schedule();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(run).toHaveBeenCalledTimes(1);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a run that fails does not stop later ones', async () => {
  const run = vi.fn(() => Promise.reject(new Error('offline')));
  const throttle = createThrottle(run, LIMITS);
  throttle.schedule();
  await vi.advanceTimersByTimeAsync(30);
  throttle.schedule();
  await vi.advanceTimersByTimeAsync(400);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a cancelled run does not start', async () => {
  const run = vi.fn(() => Promise.resolve());
  const throttle = createThrottle(run, LIMITS);
  throttle.schedule();
  throttle.cancel();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(run).not.toHaveBeenCalled();
});
