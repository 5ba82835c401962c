/** What a search query asks for, as the service reads it (schema/resolvers/search.py), within the service's limits. */
import { type Word, wordsIn } from './words';

export const MAX_CHARACTERS = 200;
export const MAX_TERMS = 10;

/** A word, which may continue, or a phrase of whole words. */
export interface Term {
  words: Word[];
  isPhrase: boolean;
}

export interface SearchQuery {
  /** The part of the query that the service searches for. Empty if the query has no word. */
  text: string;
  terms: Term[];
  /** Why the text is shorter than the query. */
  cut: 'words' | 'characters' | undefined;
}

const QUOTED = /"([^"]*)"?/g;
/** What the service rejects: NUL, and halves of a character. */
const UNUSABLE = /\0|[\ud800-\udfff]/gu;

let latest: { query: string; parsed: SearchQuery } | undefined;

/** Return what to search for. The page asks for it often with the same query, so the latest one is remembered. */
export function parseQuery(query: string): SearchQuery {
  if (latest?.query !== query) latest = { query, parsed: parse(query) };
  return latest.parsed;
}

function parse(query: string): SearchQuery {
  const usable = query.replace(UNUSABLE, ' ').trim();
  const characters = Array.from(usable);
  const short = characters.slice(0, MAX_CHARACTERS).join('');
  const terms = termsOf(short);
  const [first] = terms;
  if (!first) return { text: '', terms: [], cut: undefined };
  const end = terms[MAX_TERMS]?.start;
  if (end !== undefined) return { text: short.slice(0, end).trim(), terms: terms.slice(0, MAX_TERMS), cut: 'words' };
  return { text: short, terms, cut: characters.length > MAX_CHARACTERS ? 'characters' : undefined };
}

function termsOf(query: string): (Term & { start: number })[] {
  const terms: (Term & { start: number })[] = [];
  const addWords = (start: number, end: number) => {
    for (const word of wordsIn(query.slice(start, end))) {
      terms.push({ words: [word], isPhrase: false, start: start + (word.characters[0]?.start ?? 0) });
    }
  };
  let end = 0;
  for (const match of query.matchAll(QUOTED)) {
    addWords(end, match.index);
    end = match.index + match[0].length;
    const words = wordsIn(match[1] ?? '');
    if (words.length > 0) terms.push({ words, isPhrase: true, start: match.index });
  }
  addWords(end, query.length);
  return terms;
}
