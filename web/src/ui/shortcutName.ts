type KeyPress = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

/** Return the name of a key press, for example `j`, `?`, `mod+shift+z` or `shift+ArrowDown`. */
export function shortcutName({ key: pressed, altKey, ctrlKey, metaKey, shiftKey }: KeyPress): string {
  const key = pressed.length === 1 ? pressed.toLowerCase() : pressed;
  if (altKey) return `alt+${key}`;
  if (ctrlKey || metaKey) return `mod+${shiftKey ? 'shift+' : ''}${key}`;
  return shiftKey && (key.length > 1 || key === ' ') ? `shift+${key}` : key;
}
