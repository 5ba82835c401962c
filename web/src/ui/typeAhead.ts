/** Keeps what a person types between the key that opens a dialog and the moment a field of the dialog has the focus. */
import { isCompositionKey } from './compositionKeys';

let waiting = false;
let text = '';

/** Keep typed text for the field that gets the focus next. Call this when a dialog or a menu is wanted. */
export function expectField(): void {
  // A menu may have taken the focus already.
  waiting = !isInside(document.activeElement);
}

/** Give up the text: the dialog was closed before it had the focus. */
export function expectNoField(): void {
  waiting = false;
  text = '';
}

/** Call this before any component adds a listener to the window: listeners run in the order in which they were added. */
export function startTypeAhead(): void {
  if (typeof window === 'undefined') return; // the build renders the page without a browser
  window.addEventListener('keydown', onKeyDown, { capture: true });
  window.addEventListener('focusin', onFocus);
}

function onKeyDown(event: KeyboardEvent): void {
  if (!waiting || !isText(event)) return;
  text = event.key === 'Backspace' ? text.replace(/.$/su, '') : text + event.key;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Whether the key changes the text of a field. Repetitions belong to the key that opened the dialog. */
function isText(event: KeyboardEvent): boolean {
  if (event.repeat || isCompositionKey(event)) return false;
  if (event.key === ' ' && event.target instanceof Element && event.target.matches('button')) return false;
  const isCommand = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState('AltGraph');
  return !isCommand && (event.key === 'Backspace' || /^.$/su.test(event.key));
}

function onFocus({ target }: FocusEvent): void {
  if (!waiting || !(target instanceof Element) || !isInside(target)) return;
  const typed = text;
  expectNoField();
  if (typed && isField(target)) insert(target, typed);
}

/** A dialog that stands in for one whose code is missing has no field, and returns the focus before the other opens. */
function isInside(target: Element | null): boolean {
  return (
    !!target?.closest('dialog, [role="dialog"], [role="menu"], [data-autofocus]') &&
    !target.closest('[aria-busy="true"], [data-stand-in]')
  );
}

function isField(target: Element): target is HTMLInputElement | HTMLTextAreaElement {
  return target.matches('textarea, input:not([type]), input[type="text"]');
}

function insert(field: HTMLInputElement | HTMLTextAreaElement, typed: string): void {
  field.setRangeText(typed, field.selectionStart ?? 0, field.selectionEnd ?? 0, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: typed }));
}
