import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { typing, watchTyping } from '@/ui/typing';

let target: EventTarget;
let stopWatching: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  target = new EventTarget();
  stopWatching = watchTyping(target);
});

afterEach(() => {
  stopWatching();
  vi.useRealTimers();
});

test('a person who pauses between two keys is still typing', () => {
  expect(typing.get()).toBe(false);
  for (let key = 0; key < 3; key++) {
    target.dispatchEvent(new Event('input'));
    vi.advanceTimersByTime(3_900);
    expect(typing.get()).toBe(true);
  }
  vi.advanceTimersByTime(100);
  expect(typing.get()).toBe(false);
});

test('a person who has left the field stops typing a second later', () => {
  target.dispatchEvent(new Event('focusout'));
  expect(typing.get()).toBe(false);
  target.dispatchEvent(new Event('input'));
  target.dispatchEvent(new Event('focusout'));
  vi.advanceTimersByTime(999);
  expect(typing.get()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(typing.get()).toBe(false);
});

test('a key in another field follows the focus', () => {
  target.dispatchEvent(new Event('input'));
  target.dispatchEvent(new Event('focusout'));
  target.dispatchEvent(new Event('input'));
  vi.advanceTimersByTime(1_000);
  expect(typing.get()).toBe(true);
});

test('nothing is noticed after the end of the watching', () => {
  target.dispatchEvent(new Event('input'));
  stopWatching();
  expect(typing.get()).toBe(false);
  target.dispatchEvent(new Event('input'));
  expect(typing.get()).toBe(false);
});
