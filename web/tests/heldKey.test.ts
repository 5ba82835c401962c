import { expect, test } from 'vitest';
import { HeldKey, repeatsWhileHeld } from '@/ui/heldKey';

test('a key that a shortcut has used repeats until the next press', () => {
  const held = new HeldKey();
  expect(held.isRepeatedBy({ code: 'KeyC', repeat: true })).toBe(false);
  held.press({ code: 'KeyC', repeat: false });
  expect(held.isRepeatedBy({ code: 'KeyC', repeat: true })).toBe(true);
  expect(held.isRepeatedBy({ code: 'KeyD', repeat: true })).toBe(false);
  expect(held.isRepeatedBy({ code: 'KeyC', repeat: false })).toBe(false);
  expect(held.isRepeatedBy({ code: 'KeyC', repeat: true })).toBe(false);
});

test('only keys that move through the list repeat', () => {
  const names = ['j', 'k', 'ArrowDown', 'shift+ArrowUp', 'PageDown', 'shift+PageUp', 'x', 'Delete', ' ', 'c', 'mod+z'];
  expect(names.filter(repeatsWhileHeld)).toEqual(names.slice(0, 6));
});
