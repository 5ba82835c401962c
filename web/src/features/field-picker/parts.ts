import { lazyPart } from '@/features/lazy-parts/lazyPart';

/** The dialogs that set a list, an assignee or labels. Their code is loaded after the fields that open them. */
export const FieldPicker = lazyPart({
  importPart: () => import('./FieldPicker').then((module) => module.FieldPicker),
  close: ({ onClose }) => onClose(),
});
