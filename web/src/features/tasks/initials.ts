const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Return one or two characters that stand for an assignee: ML for "maria.lopez@example.com", U4 for "user_42".
 *
 * An id can be any text: of an id without words, the result is its first character.
 */
export function initialsOf(assignee: string): string {
  const name = assignee.trim().replace(/(?<=.)@.*$/su, '');
  const words = name.match(/\p{L}[\p{L}\p{M}]*|\p{N}+/gu) ?? [];
  const [first = name, last = ''] = words.length > 1 ? [words[0], words.at(-1)] : words;
  return [first, last].map(firstCharacter).join('').toLocaleUpperCase();
}

function firstCharacter(text: string): string {
  const [first] = segmenter.segment(text);
  return first?.segment ?? '';
}
