/** Parses descriptions with markdown-it, limited to the syntax that people use in plain text. */
import MarkdownIt, { type StateCore, type Token } from 'markdown-it';
import { parseLink } from './safeLink';

/** A text with more elements inside each other is shown as plain text, both blocks and those within a block. */
const MAX_DEPTH = 20;
/** A text with more parts is shown as plain text, because browsers need too long for its elements. */
const MAX_TOKENS = 5_000;

/** Syntax that hides or changes what people type as plain text, or that loads something from another host. */
const DISABLED = [
  'code', // indented
  'hr',
  'lheading',
  'reference',
  'table',
  'image',
  'html_block',
  'html_inline',
  'entity',
];
const TASK_MARK = /^\[([ xX])\]\s+/;

// The parser leaves out what is nested deeper than its own limit, so that limit must never be reached.
const parser = new MarkdownIt({ html: false, linkify: true, breaks: true, maxNesting: 2 * MAX_DEPTH }).disable(
  DISABLED,
);
// Without a scheme only mail addresses become links: "Node.js" is no address.
parser.linkify.set({ fuzzyLink: false });
parser.validateLink = (address) => parseLink(address) !== undefined;
// A decoded address can contain characters that change how it looks.
parser.normalizeLinkText = (text) => text;
parser.core.ruler.push('task_list', markTasks);

/** Return the tokens of a text, or undefined if it is too complex. */
export function parseMarkdown(text: string): Token[] | undefined {
  const tokens = parser.parse(text, {});
  const runs = [tokens, ...tokens.map(({ children }) => children ?? [])];
  const count = runs.reduce((sum, run) => sum + run.length, 0);
  return count > MAX_TOKENS || runs.some((run) => depthOf(run) > MAX_DEPTH) ? undefined : tokens;
}

function depthOf(tokens: readonly Token[]): number {
  let depth = 0;
  let deepest = 0;
  for (const { nesting } of tokens) deepest = Math.max(deepest, (depth += nesting));
  return deepest;
}

/** Replace `[ ]` and `[x]` at the start of list items by a token of their own. */
function markTasks({ tokens, Token }: StateCore): void {
  tokens.forEach((token, i) => {
    const first = token.type === 'inline' && tokens[i - 2]?.type === 'list_item_open' ? token.children?.[0] : undefined;
    const mark = first?.type === 'text' ? TASK_MARK.exec(first.content) : null;
    if (!first || !mark) return;
    first.content = first.content.slice(mark[0].length);
    const task = new Token('task_mark', 'input', 0);
    task.meta = { done: mark[1] !== ' ' };
    token.children?.unshift(task);
  });
}
