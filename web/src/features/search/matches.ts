/** Where the terms of a search occur in a text: as the service matches them, but only the part that matched. */
import type { Term } from './searchQuery';
import { type Word, wordsIn } from './words';

export interface TextPart {
  text: string;
  matched: boolean;
}

interface Range {
  start: number;
  end: number;
}

/** Return the parts of the text: those that match a term are marked. */
export function splitByMatches(text: string, terms: readonly Term[]): TextPart[] {
  const words = terms.length > 0 ? wordsIn(text) : [];
  const ranges = terms.flatMap((term) => words.flatMap((_, at) => rangesOf(term, words, at)));
  const parts: TextPart[] = [];
  let end = 0;
  const add = (to: number, matched: boolean) => {
    if (to > end) parts.push({ text: text.slice(end, to), matched });
    end = Math.max(end, to);
  };
  for (const range of united(ranges)) {
    add(range.start, false);
    add(range.end, true);
  }
  add(text.length, false);
  return parts;
}

/** Return where a term matches the words of a text from the word at `at`. */
function rangesOf({ words, isPhrase }: Term, text: Word[], at: number): Range[] {
  const [only, second] = words;
  const word = text[at];
  if (!only || !word) return [];
  if (second)
    return words.every((wanted, i) => fits(wanted, text[at + i], i, words.length)) ? [phrase(words, text, at)] : [];
  if (only.isRun !== word.isRun) return [];
  if (only.isRun) return occurrences(only, word);
  const matches = isPhrase ? word.text === only.text : word.text.startsWith(only.text);
  return matches ? [rangeOf(word, 0, only.characters.length)] : [];
}

/** Whether a word of a phrase matches a word of the text. A run may begin before the phrase, or continue after it. */
function fits(wanted: Word, word: Word | undefined, place: number, count: number): boolean {
  if (wanted.isRun !== word?.isRun) return false;
  if (!wanted.isRun) return wanted.text === word.text;
  if (place === 0) return word.text.endsWith(wanted.text);
  return place === count - 1 ? word.text.startsWith(wanted.text) : word.text === wanted.text;
}

function phrase(words: Word[], text: Word[], at: number): Range {
  const first = text[at] as Word;
  const last = text[at + words.length - 1] as Word;
  const skipped = first.characters.length - (words[0]?.characters.length ?? 0);
  return {
    start: rangeOf(first, skipped, first.characters.length).start,
    end: rangeOf(last, 0, words.at(-1)?.characters.length ?? 0).end,
  };
}

/** Return every place of a run within a longer run. */
function occurrences(wanted: Word, word: Word): Range[] {
  const count = wanted.characters.length;
  return word.characters.flatMap((_, first) =>
    wanted.characters.every(({ folded }, i) => word.characters[first + i]?.folded === folded)
      ? [rangeOf(word, first, count)]
      : [],
  );
}

function rangeOf({ characters }: Word, first: number, count: number): Range {
  const start = characters[first]?.start ?? 0;
  return { start, end: characters[Math.min(first + count, characters.length) - 1]?.end ?? start };
}

/** Return the ranges in order, those that touch as one. */
function united(ranges: Range[]): Range[] {
  const result: Range[] = [];
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
