import { expect, test } from 'vitest';
import { conflictingFields, editedFields } from '@/features/task-editing/fieldConflicts';
import { task } from './tasks';

test('an edit conflicts only in the fields that someone else changed too', () => {
  const mine = { id: 'a', title: 'Mine', status: 'DONE' as const, expectedVersion: 1 };
  const base = { title: 'Old', status: 'TODO' as const };
  const conflicts = (theirs: object) => conflictingFields(mine, base, task({ title: 'Old', ...theirs }));
  expect(conflicts({ priority: 'HIGH', description: 'New' })).toEqual([]);
  expect(conflicts({ title: 'Theirs' })).toEqual(['title']);
  expect(conflicts({ title: 'Theirs', status: 'IN_PROGRESS' })).toEqual(['title', 'status']);
});

test('two edits with the same value do not conflict', () => {
  expect(conflictingFields({ id: 'a', title: 'New' }, { title: 'Old' }, task({ title: 'New' }))).toEqual([]);
});

test('an edit of an unknown value conflicts with every other value', () => {
  expect(conflictingFields({ id: 'a', title: 'New' }, {}, task({ title: 'Old' }))).toEqual(['title']);
});

test('the same time in another form is the same value', () => {
  const expiresAt = '2027-01-01T18:00:00.000000+00:00';
  const mine = { id: 'a', expiresAt: null };
  expect(conflictingFields(mine, { expiresAt: '2027-01-01T18:00:00.000Z' }, task({ expiresAt }))).toEqual([]);
  expect(conflictingFields(mine, { expiresAt: '2027-01-01T19:00:00.000Z' }, task({ expiresAt }))).toEqual([
    'expiresAt',
  ]);
});

test('texts that look like times are compared as texts', () => {
  const [base, theirs] = ['2027-01-01T18:00:00Z', '2027-01-01T18:00:00.000Z'];
  expect(conflictingFields({ id: 'a', title: 'New' }, { title: base }, task({ title: theirs }))).toEqual(['title']);
});

test('null is a value, and a missing field is not edited', () => {
  expect(editedFields({ id: 'a', expiresAt: null, title: undefined, expectedVersion: 1 })).toEqual(['expiresAt']);
});

test('due dates, assignees, labels and lists conflict like the other fields', () => {
  const base = { dueAt: '2026-11-27T12:00:00Z', labels: ['a'], listId: 'l', assignee: null };
  const same = task({ ...base, dueAt: '2026-11-27T12:00:00+00:00', labels: ['a'] });
  const mine = { id: 'a', dueAt: null, labels: ['a', 'b'], listId: null, assignee: 'anna' };
  expect(conflictingFields(mine, base, same)).toEqual([]);
  const theirs = task({ dueAt: '2026-11-28T12:00:00Z', labels: ['a', 'b'], listId: 'm', assignee: 'bo' });
  expect(conflictingFields(mine, base, theirs)).toEqual(['dueAt', 'assignee', 'listId']);
});
