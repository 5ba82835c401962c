import { t } from '@/ui/messages';
import { showToast } from '@/ui/toast';
import { shortcutName } from '@/ui/shortcutName';
import { runRedo, runUndo, type UndoStep } from './undoStack';

/** Show a message, with an Undo button if the change can be undone. */
export function showUndoToast(text: string, step?: UndoStep): void {
  showToast(text, step && { label: t('actions.undo'), run: () => void runUndo(step) });
}

export async function undoLatest(): Promise<void> {
  if (!(await runUndo())) showToast(t('editing.nothingToUndo'));
}

export async function redoLatest(): Promise<void> {
  if (!(await runRedo())) showToast(t('editing.nothingToRedo'));
}

/** Undo and redo by the keyboard inside a dialog, where the shortcuts of the page are off. */
export function handleUndoKeys(event: React.KeyboardEvent): void {
  const name = shortcutName(event.nativeEvent);
  if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') return;
  if (name === 'mod+z') void undoLatest();
  else if (name === 'mod+shift+z' || name === 'mod+y') void redoLatest();
  else return;
  event.preventDefault();
}
