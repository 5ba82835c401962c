/** Takes the place of a part of the page while its code is loaded, and says so if that fails. */
import { useEffectEvent, useId, useLayoutEffect, useRef, useState } from 'react';
import { connection, connectionStatus } from '@/apollo/connection';
import { newBuild } from '@/features/page-build/pageBuild';
import { reloadPage } from '@/features/page-build/reloadPage';
import { useEscapeKey } from '@/ui/escapeKey';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import styles from './PartDialog.module.css';

type Kind = 'loading' | 'not loaded' | 'crashed' | 'page crashed';

interface Props {
  kind: Kind;
  hidden: boolean;
  onRetry: () => void;
  onDismiss?: () => void;
}

const TITLES: Record<Kind, () => string> = {
  loading: () => t('page.loading'),
  'not loaded': () => t('page.partNotLoaded'),
  crashed: () => t('page.partCrashed'),
  'page crashed': () => t('page.crashed'),
};

export function PartDialog({ hidden, ...props }: Props) {
  return hidden ? null : <OpenDialog key={props.kind} {...props} />;
}

function OpenDialog({ kind, onRetry, onDismiss }: Omit<Props, 'hidden'>) {
  const titleId = useId();
  const ref = useModalDialog(onDismiss);
  // An open dialog would keep the focus from what `onDismiss` gives it to.
  const close = () => {
    ref.current?.close();
    onDismiss?.();
  };
  const dismiss = onDismiss && close;
  useEscapeKey(true, () => dismiss?.());
  return (
    // While the code is loaded, the dialog is invisible for a moment, but takes the keys that are meant for the part.
    <dialog
      ref={ref}
      // Shortcuts are off in an element with this role.
      role="dialog"
      aria-labelledby={titleId}
      aria-busy={kind === 'loading'}
      // Typed text waits for the field of the part.
      data-stand-in
      tabIndex={-1}
      className={styles.dialog}
    >
      <h2 id={titleId}>{TITLES[kind]()}</h2>
      {kind !== 'loading' && <FailureActions onRetry={onRetry} onDismiss={dismiss} />}
    </dialog>
  );
}

/** Open the dialog as a modal one while it is mounted. Closing it returns the focus to where it was. */
function useModalDialog(onDismiss: (() => void) | undefined) {
  const ref = useRef<HTMLDialogElement>(null);
  const onClose = useEffectEvent(() => (onDismiss ? onDismiss() : ref.current?.showModal()));
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const listener = () => onClose();
    dialog.showModal();
    // No button has the focus, so that keys meant for the part press none.
    dialog.focus();
    dialog.addEventListener('close', listener);
    return () => {
      dialog.removeEventListener('close', listener);
      dialog.close();
    };
  }, []);
  return ref;
}

function FailureActions({ onRetry, onDismiss }: { onRetry: () => void; onDismiss: (() => void) | undefined }) {
  const offline = connectionStatus(useStore(connection)) === 'offline';
  const outdated = useStore(newBuild) !== undefined;
  const [notReloaded, setNotReloaded] = useState(false);
  const reload = async () => setNotReloaded(!(await reloadPage()));
  return (
    <>
      <p>
        {explanation(offline || notReloaded, outdated)} {t('page.textKept')}
      </p>
      <div className={styles.actions}>
        {onDismiss && (
          <button type="button" onClick={onDismiss}>
            {t('actions.close')}
          </button>
        )}
        <button type="button" disabled={offline} onClick={() => void reload()}>
          {t('actions.reload')}
        </button>
        <button type="button" className={styles.primary} onClick={onRetry}>
          {t('actions.tryAgain')}
        </button>
      </div>
    </>
  );
}

function explanation(unreachable: boolean, outdated: boolean): string {
  if (unreachable) return t('page.retryOffline');
  if (outdated) return t('page.retryNewVersion');
  return t('page.retryOrReload');
}
