import { beforeEach, expect, test } from 'vitest';
import { clearPendingId, idForCreate, uuid7 } from '@/features/task-editing/taskIds';

beforeEach(clearPendingId);

test('an id is a UUIDv7 of the RFC 9562 variant', () => {
  expect(uuid7()).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('an id begins with its time in milliseconds', () => {
  const time = Date.UTC(2026, 10, 27);
  expect(parseInt(uuid7(time).replaceAll('-', '').slice(0, 12), 16)).toBe(time);
});

test('ids of later milliseconds sort after earlier ones', () => {
  expect(uuid7(1_000) < uuid7(1_001)).toBe(true);
});

test('a retry of the same input has the same id', () => {
  expect(idForCreate({ title: 'Letter' })).toBe(idForCreate({ title: 'Letter' }));
});

test('another input has another id', () => {
  expect(idForCreate({ title: 'Letter' })).not.toBe(idForCreate({ title: 'Parcel' }));
});

test('the same input after a successful create has another id', () => {
  const id = idForCreate({ title: 'Letter' });
  clearPendingId();
  expect(idForCreate({ title: 'Letter' })).not.toBe(id);
});
