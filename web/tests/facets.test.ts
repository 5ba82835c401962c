import { CombinedGraphQLErrors } from '@apollo/client';
import { expect, test } from 'vitest';
import { rememberUndeclared, shapeOf, undeclaredShapes } from '@/features/facets/undeclaredShapes';
import { countsOf, MAX_FACETS } from '@/features/facets/useFacets';
import { countsOfFacets } from '@/features/tasks-page/tabCounts';

const refusal = (code: string) =>
  new CombinedGraphQLErrors({ data: null, errors: [{ message: 'refused', extensions: { code } }] });

test('a combination is the fields that have a value, in one order', () => {
  expect(shapeOf(null)).toBe('');
  expect(shapeOf({ status: 'DONE', list: 'x', label: null })).toBe('list+status');
  expect([shapeOf({ status: 'DONE' }, 'LIST'), shapeOf({ list: 'x' }, 'LIST')]).toEqual(['list+status', 'list']);
});

test('only a combination that the service does not declare is remembered', () => {
  expect(rememberUndeclared(refusal('BUSY'), 'label+list')).toBe(false);
  expect(undeclaredShapes.get().size).toBe(0);
  expect(rememberUndeclared(refusal('VIEW_NOT_DECLARED'), 'label+list')).toBe(true);
  expect([...undeclaredShapes.get()]).toEqual(['label+list']);
});

test('a value that the answer leaves out has no tasks, unless the answer is not complete', () => {
  const facets = [{ value: 'bug', count: 3 }];
  const full = Array.from({ length: MAX_FACETS }, (_, i) => ({ value: `label ${i}`, count: 1 }));
  expect(['bug', 'urgent'].map(countsOf(facets))).toEqual([3, 0]);
  expect([countsOf(full)('bug'), countsOf(undefined)('bug')]).toEqual([undefined, undefined]);
});

test('a status without tasks has the number 0, and all tasks the sum', () => {
  const counts = countsOfFacets([
    { value: 'DONE', count: 3 },
    { value: 'TODO', count: 2 },
  ]);
  expect(Object.entries(counts).map(([tab, total]) => [tab, total?.count])).toEqual([
    ['ALL', 5],
    ['TODO', 2],
    ['IN_PROGRESS', 0],
    ['DONE', 3],
  ]);
});
