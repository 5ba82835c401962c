import { lazyPart } from '@/features/lazy-parts/lazyPart';

/** The dialog that sets an expiry. Its calendar is loaded after the fields that open it. */
export const ExpiryPicker = lazyPart({
  importPart: () => import('./ExpiryPicker').then((module) => module.ExpiryPicker),
  close: ({ onClose }) => onClose(),
});
