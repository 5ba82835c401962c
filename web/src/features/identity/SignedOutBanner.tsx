/** Says that the session has ended while the page is open, and lets the person sign in without losing the page. */
import { Button, Modal, Text } from '@mantine/core';
import { session } from '@/apollo/session';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { nameOf } from './nameOf';
import styles from './SignedOutBanner.module.css';
import { signInOpened } from './SignedOutNotice';
import { SignInForm } from './SignInForm';

export function SignedOutBanner() {
  const opened = useStore(signInOpened);
  const { status, viewer } = useStore(session);
  const signedOut = status === 'signedOut';
  const close = () => signInOpened.set(false);
  return (
    <>
      {signedOut && (
        <div role="status" className={styles.banner}>
          <span>
            <strong>{t('signIn.signedOut')}</strong> {t('signIn.signedOutText')}
          </span>
          <Button size="compact-sm" variant="default" onClick={() => signInOpened.set(true)}>
            {t('signIn.open')}
          </Button>
        </div>
      )}
      <Modal
        opened={useOpenedAfterMount(opened && signedOut)}
        onClose={close}
        onExitTransitionEnd={close}
        title={t('signIn.title')}
        centered
        // Above a dialog that is open.
        zIndex={300}
        transitionProps={{ duration: 100 }}
        closeButtonProps={{ 'aria-label': t('actions.close') }}
      >
        <Text size="sm" mb="md">
          {viewer && t('signIn.again', { name: isolate(nameOf(viewer)) })}
        </Text>
        <SignInForm inNewTab />
      </Modal>
    </>
  );
}
