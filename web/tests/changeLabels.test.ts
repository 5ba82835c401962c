import { expect, test } from 'vitest';
import { describeUpdate, nameTasks } from '@/features/task-editing/changeLabels';
import { taskRow } from './tasks';

const before = [taskRow()];

test.each([
  [{ priority: 'HIGH' as const }, 'Set the priority of “Write the letter” to High'],
  [{ status: 'DONE' as const }, 'Completed “Write the letter”'],
  [{ status: 'IN_PROGRESS' as const }, 'Set the status of “Write the letter” to In progress'],
  [{ title: 'Write two letters' }, 'Renamed “Write the letter” to “Write two letters”'],
  [{ description: 'By hand' }, 'Changed description of “Write the letter”'],
  [{ expiresAt: null }, 'Removed the expiry of “Write the letter”'],
  [{ title: 'B', priority: 'LOW' as const }, 'Changed title and priority of “Write the letter”'],
])('%j is described', (fields, text) => {
  expect(describeUpdate([{ id: 'a', expectedVersion: 1, ...fields }], before)).toBe(text);
});

test('an expiry is described with its time', () => {
  const text = describeUpdate([{ id: 'a', expiresAt: '2026-12-01T12:00:00Z' }], before);
  expect(text).toMatch(/^Set the expiry of “Write the letter” to Dec 1, 2026/);
});

test('many tasks are counted, and values are named only if all have the same', () => {
  const rows = [taskRow(), taskRow({ id: 'b' })];
  const done = rows.map(({ id }) => ({ id, status: 'DONE' as const }));
  expect(describeUpdate(done, rows)).toBe('Completed 2 tasks');
  const mixed = [
    { id: 'a', priority: 'LOW' as const },
    { id: 'b', priority: 'HIGH' as const },
  ];
  expect(describeUpdate(mixed, rows)).toBe('Changed priority of 2 tasks');
});

test('a long title is shortened between characters, and an unknown task has a name', () => {
  expect(nameTasks([{ title: '😀'.repeat(100) }])).toBe(`“${'😀'.repeat(60)}…”`);
  expect(nameTasks([null])).toBe('a task');
});
