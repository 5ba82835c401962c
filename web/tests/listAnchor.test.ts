import { describe, expect, test } from 'vitest';
import { anchorShift, extendMatches, readAnchor, totalOf } from '@/features/task-list/listAnchor';
import { LoadedRows } from '@/features/task-list/LoadedRows';
import type { TaskRef } from '@/features/task-list/windows';

function rowsOf(...ids: string[]): LoadedRows {
  const rows = new LoadedRows();
  rows.set(0, { ids, refetch: () => Promise.resolve() });
  return rows;
}

describe('the anchor', () => {
  const anchor = readAnchor(rowsOf('a', 'b', 'c', 'd'), 1);

  test('is made of the first tasks on screen', () => {
    expect(anchor).toEqual([
      { id: 'b', row: 1 },
      { id: 'c', row: 2 },
      { id: 'd', row: 3 },
    ]);
  });

  test('moves down by the tasks that were added above', () => {
    expect(anchorShift(anchor, rowsOf('y', 'z', 'a', 'b', 'c'), 2)).toBe(2);
  });

  test('moves up by the tasks that were removed above', () => {
    expect(anchorShift(anchor, rowsOf('b', 'c', 'd'), 0)).toBe(-1);
  });

  test('follows its next task if the first one is gone', () => {
    expect(anchorShift(anchor, rowsOf('z', 'a', 'c', 'd'), 0)).toBe(0);
  });

  test('moves by the rows that the list has gained if all its tasks are gone', () => {
    expect(anchorShift(anchor, rowsOf('x'), 7)).toBe(7);
  });
});

describe('the extent of a search or a filter', () => {
  const empty = { total: 60, known: false, cursors: [null] };
  const report = (page: number, count: number, endCursor: string | null) => ({
    page,
    nodes: Array.from({ length: count }, (_, i): TaskRef => ({ __typename: 'Task', id: String(i) })),
    endCursor,
    metricsKey: '',
    refetch: () => Promise.resolve(),
  });

  test('is exact after the last window', () => {
    expect(extendMatches(empty, report(0, 30, null))).toEqual({ total: 30, known: true, cursors: [null] });
  });

  test('reaches a few rows beyond a window that has a next one', () => {
    const extent = extendMatches(empty, report(0, 100, 'next'));
    expect(extent).toEqual({ total: 120, known: true, atLeast: 100, cursors: [null, 'next'] });
    const whole = { total: 140, known: true, cursors: [null, 'next'] };
    expect(extendMatches(extent, report(1, 40, null))).toEqual(whole);
    expect([empty, extent, whole].map(totalOf)).toEqual([
      undefined,
      { count: 100, exact: false },
      { count: 140, exact: true },
    ]);
  });

  test('keeps later windows if a refetch ends at the same cursor', () => {
    const extent = { total: 220, known: true, atLeast: 200, cursors: [null, 'one', 'two'] };
    expect(extendMatches(extent, report(0, 100, 'one'))).toEqual(extent);
  });

  test('forgets later windows if a refetch ends at another cursor', () => {
    const extent = { total: 220, known: true, atLeast: 200, cursors: [null, 'one', 'two'] };
    expect(extendMatches(extent, report(0, 100, 'other')).cursors).toEqual([null, 'other']);
  });
});
