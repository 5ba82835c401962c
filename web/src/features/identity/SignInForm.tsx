/** The ways to sign in: with a token, or at an issuer that the service trusts. */
import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { session } from '@/apollo/session';
import { isolate } from '@/ui/bidi';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { issuerUrl, signInWithToken } from './sessionRequests';
import { withoutFailure } from './signInFailure';

/** `inNewTab`: an issuer is opened in a tab of its own, so that this page keeps its text. */
export function SignInForm({ inNewTab = false }: { inNewTab?: boolean }) {
  const { methods, issuers } = useStore(session);
  return (
    <Stack gap="md">
      {issuers.map(({ id, name }) => (
        <Button
          key={id}
          component="a"
          href={issuerUrl(id, withoutFailure(window.location))}
          variant="default"
          {...(inNewTab && { target: '_blank', rel: 'noopener' })}
        >
          {t('signIn.with', { issuer: isolate(name) })}
        </Button>
      ))}
      {issuers.length > 0 && inNewTab && (
        <Text size="xs" c="dimmed">
          {t('signIn.newTab')}
        </Text>
      )}
      {methods.includes('token') && <TokenForm autoFocus={issuers.length === 0} />}
    </Stack>
  );
}

function TokenForm({ autoFocus }: { autoFocus: boolean }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [sending, setSending] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = async () => {
    if (sending) return;
    setSending(true);
    const problem = token.trim() === '' ? t('signIn.noToken') : await signInWithToken(token.trim());
    setSending(false);
    setError(problem);
    if (problem !== undefined) input.current?.focus();
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          ref={input}
          label={t('signIn.token')}
          description={t('signIn.tokenHint')}
          data-autofocus={autoFocus || undefined}
          autoFocus={autoFocus}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={10_000}
          value={token}
          error={error}
          errorProps={{ role: 'alert' }}
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.reveal'), tabIndex: 0 }}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" loading={sending}>
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  );
}
