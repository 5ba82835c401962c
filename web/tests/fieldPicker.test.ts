import { expect, test } from 'vitest';
import { labelChange, labelStates, matchingChoices, toggleLabel, type Ticks } from '@/features/field-picker/choices';
import { byFrequency } from '@/features/field-picker/knownValues';
import { listChoices } from '@/features/tasks/sortedLists';

function texts(typed: string, ...all: string[]): string[] {
  const choices = all.map((text) => ({ key: text, text, selected: false }));
  return matchingChoices(choices, typed).map(({ text }) => text);
}

test('a typed text finds values whatever their case and accents, those that begin with it first', () => {
  expect(texts('uber', 'Auber', 'Über', 'uberall', 'other')).toEqual(['Über', 'uberall', 'Auber']);
  expect(texts(' ', 'a', 'b')).toEqual(['a', 'b']);
  expect(texts('重', '重要', '要')).toEqual(['重要']);
});

test('a label of some tasks becomes one of all, then of none, and then as it was', () => {
  const initial = labelStates([['a', 'b'], ['a']]);
  expect([...initial]).toEqual([
    ['a', true],
    ['b', 'mixed'],
  ]);
  let ticks: Ticks = new Map();
  const toggle = (label: string) => {
    ticks = toggleLabel(initial, ticks, label);
    return labelChange(ticks);
  };
  expect(toggle('b')).toEqual({ add: ['b'], remove: [] });
  expect(toggle('b')).toEqual({ add: [], remove: ['b'] });
  expect(toggle('b')).toEqual({ add: [], remove: [] });
  expect(toggle('a')).toEqual({ add: [], remove: ['a'] });
  expect(toggle('c')).toEqual({ add: ['c'], remove: ['a'] });
  expect(toggle('a')).toEqual({ add: ['c'], remove: [] });
});

test('frequent values come first', () => {
  expect(byFrequency(['a', 'b', 'b', 'c'])).toEqual(['b', 'a', 'c']);
});

test('archived lists are not offered, except the present one', () => {
  const list = (id: string, name: string, archivedAt: string | null = null) => ({ id, name, archivedAt, version: 1 });
  const lists = [
    list('1', 'b'),
    null,
    list('2', 'A'),
    list('3', 'old', '2026-01-01'),
    list('4', 'older', '2026-01-01'),
  ];
  expect(listChoices(lists).map(({ id }) => id)).toEqual(['2', '1']);
  expect(listChoices(lists, '3').map(({ id }) => id)).toEqual(['2', '1', '3']);
});
