import { expect, test } from 'vitest';
import { describeRange } from '@/features/print/printedRange';

test('the heading of a printed list says which tasks of the view it contains', () => {
  const visible = { first: 100, count: 20, total: 12_345, loaded: false };
  expect(describeRange(visible)).toBe('Tasks 101 to 120 of 12,345');
  expect(describeRange({ ...visible, total: undefined })).toBe('Tasks 101 to 120');
  expect(describeRange({ ...visible, first: 0, total: 20 })).toBe('20 tasks');
  expect(describeRange({ ...visible, first: 0, count: 0, total: 0 })).toBe('0 tasks');
});

test('the heading of loaded tasks says whether they are all', () => {
  const loaded = { first: 100, count: 1_000, total: 12_345, loaded: true };
  expect(describeRange(loaded)).toBe('The first 1,000 of 12,345 tasks');
  expect(describeRange({ ...loaded, count: 1_000, total: 1_000 })).toBe('1,000 tasks');
  expect(describeRange({ ...loaded, count: 40, total: 40 })).toBe('40 tasks');
  // Others deleted two tasks while the rest was loaded.
  expect(describeRange({ ...loaded, count: 38, total: 40 })).toBe('38 tasks');
  // A search has no total.
  expect(describeRange({ ...loaded, count: 40, total: undefined })).toBe('40 tasks');
  expect(describeRange({ ...loaded, total: undefined })).toBe('The first 1,000 tasks');
});
