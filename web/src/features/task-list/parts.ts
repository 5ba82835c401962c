/** The dialogs and menus of the list whose code is loaded after the list. */
import { pendingDelete } from '@/features/bulk-actions/pendingDelete';
import { lazyPart } from '@/features/lazy-parts/lazyPart';

export const FieldMenu = lazyPart({
  importPart: () => import('@/features/field-menu/FieldMenu').then((module) => module.FieldMenu),
  close: ({ onClose }) => onClose(),
});

export const RowMenu = lazyPart({
  importPart: () => import('@/features/row-menu/RowMenu').then((module) => module.RowMenu),
  close: ({ onClose }) => onClose(),
});

export const ConfirmDelete = lazyPart({
  importPart: () => import('@/features/bulk-actions/ConfirmDelete').then((module) => module.ConfirmDelete),
  isOpen: () => pendingDelete.get() !== undefined,
  close: () => pendingDelete.set(undefined),
});
