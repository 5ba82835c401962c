/** A character that no Markdown syntax and no address can do without, or a list. */
const SYNTAX = /[*_~`[\]\\<>#@]|:\/\/|mailto:|^[^\S\n]*(?:[-+]|\d+[.)])\s/im;

/** Whether a text may contain Markdown. Without it, a text needs no parser. */
export function hasMarkdown(text: string): boolean {
  return SYNTAX.test(text);
}
