/** Signing in and the dialogs of the account. Their code is loaded after the list. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

export const SignInView = lazyPart({
  importPart: () => import('./SignInView').then((module) => module.SignInView),
});

export const SignedOutBanner = lazyPart({
  importPart: () => import('./SignedOutBanner').then((module) => module.SignedOutBanner),
});

export const TokensDialog = lazyPart({
  importPart: () => import('@/features/administration/TokensDialog').then((module) => module.TokensDialog),
  isOpen: ({ opened }: DialogProps) => opened,
  close: ({ onClose }) => onClose(),
});

export const AuditDialog = lazyPart({
  importPart: () => import('@/features/administration/AuditDialog').then((module) => module.AuditDialog),
  isOpen: ({ opened }: DialogProps) => opened,
  close: ({ onClose }) => onClose(),
});

export const AccountDialog = lazyPart({
  importPart: () => import('./AccountDialog').then((module) => module.AccountDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});
