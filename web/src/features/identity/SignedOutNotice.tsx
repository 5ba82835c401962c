/** Says inside a dialog, which covers the banner, that the session has ended. */
import { Alert, Button, Group } from '@mantine/core';
import { session } from '@/apollo/session';
import { t } from '@/ui/messages';
import { createStore, useStore } from '@/ui/store';

/** Whether the dialog to sign in again is open. */
export const signInOpened = createStore(false);

export function SignedOutNotice() {
  if (useStore(session).status !== 'signedOut') return null;
  return (
    <Alert color="yellow" variant="light">
      <strong>{t('signIn.signedOut')}</strong> {t('signIn.signedOutText')}
      <Group mt="xs">
        <Button size="compact-sm" variant="default" onClick={() => signInOpened.set(true)}>
          {t('signIn.open')}
        </Button>
      </Group>
    </Alert>
  );
}
