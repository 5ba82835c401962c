import { expect, test } from 'vitest';
import { shortcutName } from '@/ui/shortcutName';

const keyPress = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

test.each([
  [{ key: 'J', shiftKey: true }, 'j'],
  [{ key: '?', shiftKey: true }, '?'],
  [{ key: 'k', ctrlKey: true }, 'mod+k'],
  [{ key: 'Z', metaKey: true, shiftKey: true }, 'mod+shift+z'],
  [{ key: 'ArrowDown', shiftKey: true }, 'shift+ArrowDown'],
  [{ key: ' ', shiftKey: true }, 'shift+ '],
  [{ key: 'x', altKey: true }, 'alt+x'],
])('the key press %o is named "%s"', (press, name) => {
  expect(shortcutName({ ...keyPress, ...press })).toBe(name);
});
