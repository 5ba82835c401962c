/** The views for administrators. Their code is loaded after the list. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

export const TokensDialog = lazyPart({
  importPart: () => import('./TokensDialog').then((module) => module.TokensDialog),
  isOpen: ({ opened }: DialogProps) => opened,
  close: ({ onClose }) => onClose(),
});

export const AuditDialog = lazyPart({
  importPart: () => import('./AuditDialog').then((module) => module.AuditDialog),
  isOpen: ({ opened }: DialogProps) => opened,
  close: ({ onClose }) => onClose(),
});
