import { expect, test } from 'vitest';
import { addIds, MAX_SELECTED, removeIds, rowRange, toggleId } from '@/features/bulk-actions/selection';

test('toggling an id adds it, then removes it', () => {
  const once = toggleId(new Set(['a']), 'b');
  expect([...once]).toEqual(['a', 'b']);
  expect([...toggleId(once, 'b')]).toEqual(['a']);
});

test('a range is added to the selection', () => {
  expect([...addIds(new Set(['a']), ['a', 'b'])]).toEqual(['a', 'b']);
});

test('removed ids are deselected', () => {
  expect([...removeIds(new Set(['a', 'b']), ['b', 'c'])]).toEqual(['a']);
});

test('removing ids that are not selected returns the same set', () => {
  const selected = new Set(['a']);
  expect(removeIds(selected, ['b'])).toBe(selected);
});

test('a range has its lower row first', () => {
  expect(rowRange(9, 4)).toEqual({ first: 4, last: 9 });
  expect(rowRange(4, 9)).toEqual({ first: 4, last: 9 });
});

test('a range is limited to the tasks that one mutation accepts', () => {
  expect(rowRange(0, MAX_SELECTED - 1)).toBeDefined();
  expect(rowRange(0, MAX_SELECTED)).toBeUndefined();
});
