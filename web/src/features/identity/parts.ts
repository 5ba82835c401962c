/** Signing in and the dialogs of the account. Their code and their texts are loaded after the list. */
import { lazyPart } from '@/features/lazy-parts/lazyPart';
import { loadLaterMessages } from '@/ui/messages';

interface DialogProps {
  opened: boolean;
  onClose: () => void;
}

/** Load a part together with its texts. */
async function withTexts<T>(part: Promise<T>): Promise<T> {
  await loadLaterMessages();
  return part;
}

export const SignInView = lazyPart({
  importPart: () => withTexts(import('./SignInView').then((module) => module.SignInView)),
});

export const SignedOutBanner = lazyPart({
  importPart: () => withTexts(import('./SignedOutBanner').then((module) => module.SignedOutBanner)),
});

export const AccountDialog = lazyPart({
  importPart: () => withTexts(import('./AccountDialog').then((module) => module.AccountDialog)),
  isOpen: ({ opened }: DialogProps) => opened,
  close: ({ onClose }) => onClose(),
});
