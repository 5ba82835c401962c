import { showToast } from '@/ui/toast';
import { runUndo, type UndoStep } from './undoStack';

/** Show a message, with an Undo button if the change can be undone. */
export function showUndoToast(text: string, step?: UndoStep): void {
  showToast(text, step && { label: 'Undo', run: () => void runUndo(step) });
}
