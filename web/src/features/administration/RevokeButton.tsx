/** Revokes an API token. */
import { useApolloClient } from '@apollo/client/react';
import { Button, Group, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { type ApiTokenFieldsFragment, RevokeApiTokenDocument } from '@/gql/administration';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { focusItem } from './PagedList';

interface Props {
  token: ApiTokenFieldsFragment;
  isOwn: boolean;
  onRevoked: (token: ApiTokenFieldsFragment) => void;
}

/** Asks once more before it revokes: the clients that use the token fail within seconds. */
export function RevokeButton({ token: { id, name }, isOwn, onRevoked }: Props) {
  const client = useApolloClient();
  const [step, setStep] = useState<'start' | 'asking' | 'sending' | 'cancelled'>('start');
  const question = useRef<HTMLDivElement>(null);
  const revoke = async () => {
    setStep('sending');
    try {
      const { data } = await client.mutate({ mutation: RevokeApiTokenDocument, variables: { input: { id } } });
      const { apiToken, userErrors: [error] = [] } = data?.revokeApiToken ?? {};
      if (error) showErrorToast(error.message);
      if (apiToken) {
        // This button goes, and must not take the focus with it.
        if (question.current?.contains(document.activeElement)) focusItem(question.current);
        onRevoked(apiToken);
        return;
      }
    } catch (error) {
      showErrorToast(errorMessage(error));
    }
    setStep('cancelled');
  };
  if (step === 'start' || step === 'cancelled') {
    return (
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('tokens.revokeNamed', { name })}
        autoFocus={step === 'cancelled'}
        onClick={() => setStep('asking')}
      >
        {t('tokens.revoke')}
      </Button>
    );
  }
  return (
    <Group gap={6} ref={question}>
      <Text size="xs" role="alert">
        {isOwn ? t('tokens.askOwn') : t('tokens.ask')}
      </Text>
      <Button size="compact-xs" variant="default" autoFocus onClick={() => setStep('cancelled')}>
        {t('actions.cancel')}
      </Button>
      <Button
        size="compact-xs"
        color="red.9"
        aria-disabled={step === 'sending'}
        onClick={() => {
          if (step === 'asking') void revoke();
        }}
      >
        {t('tokens.revoke')}
      </Button>
    </Group>
  );
}
