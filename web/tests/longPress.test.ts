import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LongPress } from '@/ui/longPress';

const TOUCH = { pointerType: 'touch', isPrimary: true, clientX: 50, clientY: 50 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function press() {
  const run = vi.fn();
  const longPress = new LongPress();
  longPress.down(TOUCH, run);
  return { run, longPress };
}

test('a touch that lasts is a long press, and its click is taken once', () => {
  const { run, longPress } = press();
  vi.advanceTimersByTime(500);
  longPress.end();
  expect(run).toHaveBeenCalledOnce();
  expect(longPress.active).toBe(true);
  expect(longPress.takeClick()).toBe(true);
  expect(longPress.takeClick()).toBe(false);
});

test('a short touch is a click', () => {
  const { run, longPress } = press();
  vi.advanceTimersByTime(400);
  longPress.end();
  vi.advanceTimersByTime(500);
  expect(run).not.toHaveBeenCalled();
  expect(longPress.takeClick()).toBe(false);
});

test.each([
  [9, true],
  [11, false],
])('a finger that moves by %i px: long press %s', (distance, recognised) => {
  const { run, longPress } = press();
  longPress.move({ clientX: 50, clientY: 50 + distance });
  vi.advanceTimersByTime(500);
  expect(run).toHaveBeenCalledTimes(recognised ? 1 : 0);
});

test('a mouse and a second finger do not press', () => {
  for (const touch of [
    { ...TOUCH, pointerType: 'mouse' },
    { ...TOUCH, isPrimary: false },
  ]) {
    const run = vi.fn();
    const longPress = new LongPress();
    longPress.down(touch, run);
    vi.advanceTimersByTime(500);
    expect(run).not.toHaveBeenCalled();
    expect(longPress.active).toBe(false);
  }
});

test('the click after the next touch is not taken', () => {
  const { longPress } = press();
  vi.advanceTimersByTime(500);
  longPress.end();
  longPress.down(TOUCH, () => {});
  longPress.end();
  expect(longPress.takeClick()).toBe(false);
});
