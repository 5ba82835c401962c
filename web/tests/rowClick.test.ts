import { expect, test } from 'vitest';
import { rowClickAction } from '@/features/task-list/rowClick';

const PLAIN = { target: 'row', shiftKey: false, modKey: false, touch: false, selecting: false } as const;

test.each([
  [{}, 'activate'],
  [{ target: 'title' }, 'open'],
  [{ touch: true }, 'open'],
  [{ touch: true, selecting: true }, 'toggle'],
  [{ target: 'title', touch: true, selecting: true }, 'toggle'],
  [{ target: 'title', selecting: true }, 'open'],
  [{ selecting: true }, 'activate'],
  [{ target: 'control', touch: true }, 'control'],
  [{ target: 'control', shiftKey: true }, 'control'],
  [{ shiftKey: true }, 'extend'],
  [{ target: 'title', shiftKey: true }, 'extend'],
  [{ modKey: true }, 'toggle'],
  [{ target: 'title', modKey: true }, 'browser'],
] as const)('a click %o does %s', (click, action) => {
  expect(rowClickAction({ ...PLAIN, ...click })).toBe(action);
});
