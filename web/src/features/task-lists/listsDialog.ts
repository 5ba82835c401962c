import { createStore } from '@/ui/store';

/** Whether the dialog in which lists are created, renamed and archived is open. */
export const listsDialogOpened = createStore(false);
