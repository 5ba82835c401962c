import { afterEach, expect, test, vi } from 'vitest';
import { typing, watchTyping } from '@/ui/typing';

afterEach(() => {
  vi.useRealTimers();
});

test('typing ends a second after the last change of a field', () => {
  vi.useFakeTimers();
  const page = new EventTarget();
  const stop = watchTyping(page);
  expect(typing.get()).toBe(false);
  page.dispatchEvent(new Event('input'));
  vi.advanceTimersByTime(900);
  page.dispatchEvent(new Event('input'));
  vi.advanceTimersByTime(900);
  expect(typing.get()).toBe(true);
  vi.advanceTimersByTime(100);
  expect(typing.get()).toBe(false);
  stop();
  page.dispatchEvent(new Event('input'));
  expect(typing.get()).toBe(false);
});
