/** Signing in and the dialogs of the account. Their code is loaded after the list. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';

export const SignInView = lazyPart({
  importPart: () => import('./SignInView').then((module) => module.SignInView),
});

export const SignedOutBanner = lazyPart({
  importPart: () => import('./SignedOutBanner').then((module) => module.SignedOutBanner),
});

export const AccountDialog = lazyPart({
  importPart: () => import('./AccountDialog').then((module) => module.AccountDialog),
  isOpen: ({ opened }) => opened,
  close: ({ onClose }) => onClose(),
});
