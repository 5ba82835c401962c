import { describe, expect, test, vi } from 'vitest';
import { createPartLoader, LOAD_TIMEOUT_MS, loadWhenIdle } from '@/features/lazy-parts/partLoader';

const PART = () => null;

describe('a part', () => {
  test('is loaded once', async () => {
    const importPart = vi.fn(() => Promise.resolve(PART));
    const loader = createPartLoader(importPart);
    expect(loader.state.get().status).toBe('unloaded');
    const loads = [loader.load(), loader.load()];
    expect(loader.state.get().status).toBe('loading');
    expect(await Promise.all(loads)).toEqual([true, true]);
    expect(await loader.load()).toBe(true);
    expect(importPart).toHaveBeenCalledTimes(1);
    expect(loader.state.get()).toEqual({ status: 'loaded', value: PART });
  });

  test('is imported again after a failure', async () => {
    const importPart = vi.fn<() => Promise<typeof PART>>(() => Promise.resolve(PART));
    importPart.mockRejectedValueOnce(new Error('404'));
    const loader = createPartLoader(importPart);
    expect(await loader.load()).toBe(false);
    expect(loader.state.get().status).toBe('failed');
    expect(await loader.load()).toBe(true);
    expect(loader.state.get().status).toBe('loaded');
  });
});

test('a part that does not arrive in time has failed, and is used when it arrives', async () => {
  vi.useFakeTimers();
  let arrive: (part: typeof PART) => void = () => {};
  const loader = createPartLoader(() => new Promise<typeof PART>((resolve) => (arrive = resolve)));
  const load = loader.load();
  await vi.advanceTimersByTimeAsync(LOAD_TIMEOUT_MS);
  vi.useRealTimers();
  expect(await load).toBe(false);
  expect(loader.state.get().status).toBe('failed');
  arrive(PART);
  await Promise.resolve();
  expect(loader.state.get().status).toBe('loaded');
});

describe('loading ahead', () => {
  const idle = () => Promise.resolve();
  const failing = () => Promise.reject(new Error('offline'));

  test('waits for an idle moment before each part', async () => {
    const order: string[] = [];
    const part = (name: string) => createPartLoader(() => Promise.resolve(order.push(name)));
    await loadWhenIdle([part('first'), part('second')], () => Promise.resolve(void order.push('idle')));
    expect(order).toEqual(['idle', 'first', 'idle', 'second']);
  });

  test('stops at a failure, and skips loaded parts the next time', async () => {
    const first = vi.fn(() => Promise.resolve(PART));
    const second = vi.fn<() => Promise<typeof PART>>(() => Promise.resolve(PART)).mockImplementationOnce(failing);
    const third = vi.fn(() => Promise.resolve(PART));
    const loaders = [first, second, third].map(createPartLoader);
    expect(await loadWhenIdle(loaders, idle)).toBe(false);
    expect(third).not.toHaveBeenCalled();
    expect(await loadWhenIdle(loaders, idle)).toBe(true);
    expect(first).toHaveBeenCalledTimes(1);
    expect(third).toHaveBeenCalledTimes(1);
  });
});
