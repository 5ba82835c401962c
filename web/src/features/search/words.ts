/**
 * The words of a text, with their places in it. The service defines what a word is; this mirrors `db/words.py`.
 *
 * The page uses it to mark matches and to cut long queries. tests/unit/db/word_examples.json has examples for both.
 */

/** A run of characters of a text that the page marks as a whole, such as a letter with its accents, or an emoji. */
interface Cluster {
  start: number;
  end: number;
  folded: string;
}

/** A character of a word after folding, and where it comes from in the text. */
interface Character {
  folded: string;
  start: number;
  end: number;
}

export interface Word {
  characters: Character[];
  /** The folded word. */
  text: string;
  /** Whether it is a run of characters without spaces, within which a search finds any part. */
  isRun: boolean;
}

/** Accents, vowel points of Hebrew and Arabic, invisible characters within a word, and what only varies an emoji. */
const IGNORED =
  /[\u0300-\u036f\u20d0-\u20f0\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\u{1f3fb}-\u{1f3ff}\u{e0001}-\u{e01ef}]+/gu;
/** Signs that stand for letters, such as ™ and ₨. They are words of their own. */
const SIGNS =
  /[\u20a8\u2100\u2101\u2103\u2105\u2106\u2109\u2116\u2120-\u2122\u213b\u249c-\u24e9\u3200-\u321e\u322a-\u3247\u3250\u3260-\u327e\u328a-\u32b0\u32c0-\u33ff\u{1f110}-\u{1f12e}\u{1f130}-\u{1f14f}\u{1f16a}-\u{1f16c}\u{1f190}\u{1f200}-\u{1f251}\ufdfc]/gu;
const ASCII = /^[\0-\x7f]*$/;
/** Letters that are used as apostrophes, which separate words. */
const APOSTROPHE = /[\u02bb-\u02bd]/;
const SYMBOL = /[\p{So}\p{Cn}\p{Co}]/u;
const LETTER_OR_MARK = /[\p{L}\p{M}]/u;
const MARK = /\p{M}/u;
const LETTER_MARK_OR_NUMBER = /[\p{L}\p{M}\p{N}]/u;
/** Scripts without spaces between words. */
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\u30fc\u3006\u302a-\u302d\p{sc=Bopo}\p{sc=Yi}\p{sc=Tang}\p{sc=Nshu}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tale}\p{sc=Talu}\p{sc=Lana}\p{sc=Tavt}\p{sc=Ahom}]/u;

/** Characters of these scripts that the service treats as letters of words with spaces: archaic kana, and signs. */
const SPACED = /[\u303b\u{16fe3}-\u{16ff1}\u{18d00}-\u{18d08}\u{1b002}-\u{1b11e}]/u;

type Kind = 'separator' | 'letter' | 'mark' | 'single';

const kinds = new Map<string, Kind>();
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Return the text without differences of case, accents and Unicode forms. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const letters = text.replace(SIGNS, ' $& ').normalize('NFKD');
  // Upper case first: it also unites letters such as ß and ss. A final sigma is the same letter as others.
  const folded = letters.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKD');
  return folded.replace(IGNORED, '').replaceAll('ı', 'i').normalize('NFC');
}

/** Return the words of a text, in order. */
export function wordsIn(text: string): Word[] {
  const words: Word[] = [];
  let open: { isRun: boolean; characters: Character[] } | undefined;
  const close = () => {
    if (open) words.push({ ...open, text: open.characters.map(({ folded }) => folded).join('') });
    open = undefined;
  };
  const add = (character: Character, isRun: boolean) => {
    if (open?.isRun !== isRun) close();
    open ??= { isRun, characters: [] };
    open.characters.push(character);
  };
  for (const { start, end, folded } of clustersOf(text)) {
    for (const letter of folded) {
      const kind = kindOf(letter);
      if (kind === 'separator') close();
      // A mark belongs to the word before it. A mark after a symbol is no word.
      else if (kind !== 'mark' || open?.isRun === false) add({ folded: letter, start, end }, kind === 'single');
    }
  }
  close();
  return words;
}

function clustersOf(text: string): Cluster[] {
  if (ASCII.test(text))
    return Array.from(text, (letter, start) => ({ start, end: start + 1, folded: letter.toLowerCase() }));
  return Array.from(segmenter.segment(text), ({ segment, index }) => ({
    start: index,
    end: index + segment.length,
    folded: fold(segment),
  }));
}

function kindOf(letter: string): Kind {
  let kind = kinds.get(letter);
  if (kind === undefined) kinds.set(letter, (kind = computeKind(letter)));
  return kind;
}

function computeKind(letter: string): Kind {
  if (APOSTROPHE.test(letter)) return 'separator';
  // Unassigned characters are symbols too: this browser may not know the newest emoji yet.
  if (SYMBOL.test(letter)) return 'single';
  if (LETTER_OR_MARK.test(letter) && UNSPACED.test(letter) && !SPACED.test(letter)) return 'single';
  if (MARK.test(letter)) return 'mark';
  return LETTER_MARK_OR_NUMBER.test(letter) ? 'letter' : 'separator';
}
