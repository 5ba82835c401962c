/** Compares and merges texts word by word. Line breaks and spaces are kept. */
import { diffArrays } from 'diff';

export interface DiffPart {
  text: string;
  kind: 'same' | 'added' | 'removed';
}

/** A comparison of two long texts without anything in common would take seconds. */
const TIMEOUT_MS = 200;
const words = new Intl.Segmenter(undefined, { granularity: 'word' });

function wordsOf(text: string): string[] {
  return Array.from(words.segment(text), ({ segment }) => segment);
}

interface Change {
  value: string[];
  added: boolean;
  removed: boolean;
}

/** Return the changes between two lists of words. If the comparison takes too long, all words count as replaced. */
function compareWords(before: string[], after: string[]): Change[] {
  const replaced = [
    { value: before, added: false, removed: true },
    { value: after, added: true, removed: false },
  ];
  return diffArrays(before, after, { timeout: TIMEOUT_MS }) ?? replaced;
}

/** Return the parts of both texts in order: what is in both, and what was removed and added. */
export function diffText(before: string, after: string): DiffPart[] {
  const parts: DiffPart[] = [];
  const pending = { removed: '', added: '' };
  const flush = () => {
    for (const kind of ['removed', 'added'] as const) {
      if (pending[kind]) parts.push({ kind, text: pending[kind] });
      pending[kind] = '';
    }
  };
  const changes = compareWords(wordsOf(before), wordsOf(after));
  changes.forEach(({ value, added, removed }, i) => {
    const text = value.join('');
    const isGap = /^[^\S\n]+$/.test(text) && i > 0 && i < changes.length - 1;
    // A space between two changed words belongs to the change.
    if (removed || (isGap && !added)) pending.removed += text;
    if (added || (isGap && !removed)) pending.added += text;
    if (added || removed || isGap) return;
    flush();
    parts.push({ kind: 'same', text });
  });
  flush();
  return parts;
}

/** For each word of the base whether it is kept, and for each position the words that are inserted before it. */
function wordEdits(base: string[], edited: string[]): { kept: boolean[]; inserted: string[] } {
  const kept = base.map(() => true);
  const inserted = Array<string>(base.length + 1).fill('');
  let position = 0;
  for (const { value, added, removed } of compareWords(base, edited)) {
    if (added) inserted[position] = (inserted[position] ?? '') + value.join('');
    if (removed) kept.fill(false, position, position + value.length);
    if (!added) position += value.length;
  }
  return { kept, inserted };
}

/**
 * Return a text with the changes of both sides. Where both inserted different words, it has theirs, then mine.
 *
 * Without the base, nothing of either text is left out.
 */
export function mergeTexts(base: string | undefined, mine: string, theirs: string): string {
  const words = base === undefined ? commonWords(theirs, mine) : wordsOf(base);
  const [a, b] = [wordEdits(words, wordsOf(theirs)), wordEdits(words, wordsOf(mine))];
  const insertedAt = (i: number) => joinWords(a.inserted[i] ?? '', b.inserted[i] ?? '');
  const merged = words.map((word, i) => insertedAt(i) + (a.kept[i] && b.kept[i] ? word : ''));
  return merged.join('') + insertedAt(words.length);
}

function joinWords(theirs: string, mine: string): string {
  if (theirs === mine) return theirs;
  const needsSpace = /\S$/.test(theirs) && /^\S/.test(mine);
  return theirs + (needsSpace ? ' ' : '') + mine;
}

function commonWords(a: string, b: string): string[] {
  return compareWords(wordsOf(a), wordsOf(b)).flatMap(({ value, added, removed }) => (added || removed ? [] : value));
}
