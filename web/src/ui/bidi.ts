/** Keeps text of users from changing the direction of the sentence that contains it. */
import { t } from './messages';

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';

/** A letter of a right-to-left script, or a character that sets the direction of the text after it. */
const CHANGES_DIRECTION =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\u200f\u202a-\u202e\u2066-\u2068]/u;

/**
 * Return the text with its own direction, for a place that takes no element, such as the title of the document.
 *
 * In elements, use `<bdi>` or `dir="auto"`. Text that reads from left to right is returned unchanged.
 */
export function isolate(text: string): string {
  return CHANGES_DIRECTION.test(text) ? `${FIRST_STRONG_ISOLATE}${text}${POP_DIRECTIONAL_ISOLATE}` : text;
}

/** Return the text in quotation marks, for a title within a sentence. */
export function quote(text: string): string {
  return t('tasks.quoted', { title: isolate(text) });
}
