import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { afterStart } from '@/ui/afterStart';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('work begins after the first seconds', () => {
  const run = vi.fn();
  afterStart(run, new EventTarget());
  vi.advanceTimersByTime(4_999);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(1);
});

test.each(['keydown', 'pointerdown'])('work begins with the first %s, once', (event) => {
  const [run, page] = [vi.fn(), new EventTarget()];
  afterStart(run, page);
  page.dispatchEvent(new Event(event));
  page.dispatchEvent(new Event(event));
  vi.advanceTimersByTime(10_000);
  expect(run).toHaveBeenCalledTimes(1);
});

test('cancelled work does not begin', () => {
  const [run, page] = [vi.fn(), new EventTarget()];
  afterStart(run, page)();
  page.dispatchEvent(new Event('keydown'));
  vi.advanceTimersByTime(10_000);
  expect(run).not.toHaveBeenCalled();
});
