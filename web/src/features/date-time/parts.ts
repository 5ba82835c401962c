import { lazyPart } from '@/features/lazy-parts/lazyPart';

/** The dialog that sets an expiry or a due date. Its calendar is loaded after the fields that open it. */
export const DateTimePicker = lazyPart({
  importPart: () => import('./DateTimePicker').then((module) => module.DateTimePicker),
  close: ({ onClose }) => onClose(),
});
