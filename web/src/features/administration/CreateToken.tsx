/** Creates an API token, and shows it once. */
import { useApolloClient } from '@apollo/client/react';
import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { type SyntheticEvent, useState } from 'react';
import { session } from '@/apollo/session';
import { scopeName } from '@/features/identity/scopeName';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { CreateApiTokenDocument, type Scope } from '@/gql/administration';
import { copyText } from '@/ui/copyText';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import styles from './Administration.module.css';
import { readScope } from './tokenState';

const SCOPES: Scope[] = ['TASKS_READ', 'TASKS_WRITE', 'ADMIN'];
const DAY_MS = 86_400_000;
const NEVER = '';

const lifetimes = () => [
  { value: '30', label: t('tokens.days', { count: 30 }) },
  { value: '90', label: t('tokens.days', { count: 90 }) },
  { value: '365', label: t('tokens.days', { count: 365 }) },
  { value: NEVER, label: t('account.never') },
];

export function CreateToken({ onCreated }: { onCreated: () => void }) {
  const [step, setStep] = useState<'start' | 'closed' | 'form' | { token: string }>('start');
  if (step === 'start' || step === 'closed') {
    return (
      <Group>
        <Button
          size="xs"
          leftSection={<Icon name="plus" />}
          autoFocus={step === 'closed'}
          onClick={() => setStep('form')}
        >
          {t('tokens.new')}
        </Button>
      </Group>
    );
  }
  if (step === 'form') {
    return (
      <TokenForm
        onCancel={() => setStep('closed')}
        onCreated={(token) => {
          setStep({ token });
          onCreated();
        }}
      />
    );
  }
  return <NewToken token={step.token} onDone={() => setStep('closed')} />;
}

interface FormProps {
  onCancel: () => void;
  onCreated: (token: string) => void;
}

function TokenForm({ onCancel, onCreated }: FormProps) {
  const { name, setName, scopes, setScopes, days, setDays, error, saving, submit } = useTokenForm(onCreated);
  return (
    <form className={styles.form} aria-label={t('tokens.new')} onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <TextInput
          label={t('tokens.name')}
          description={t('tokens.nameHint')}
          autoFocus
          maxLength={200}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox.Group label={t('account.scopes')} value={scopes} onChange={setScopes}>
          <Stack gap={8} mt={4}>
            {grantableScopes().map((scope) => (
              <Checkbox key={scope} value={scope} label={scopeName(readScope(scope))} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NativeSelect
          label={t('tokens.lifetime')}
          data={lifetimes()}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        {error !== undefined && (
          <Text size="sm" c="var(--bad)" role="alert">
            {error}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {t('actions.cancel')}
          </Button>
          <Button type="submit" loading={saving}>
            {t('tokens.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A person cannot grant what they may not do. */
function grantableScopes(): Scope[] {
  const own = session.get().viewer?.scopes ?? [];
  return SCOPES.filter((scope) => own.includes(readScope(scope)));
}

function useTokenForm(onCreated: (token: string) => void) {
  const client = useApolloClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['TASKS_READ']);
  const [days, setDays] = useState('90');
  const [error, setError] = useState<string>();
  const [saving, setSaving] = useState(false);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (saving) return;
    setSaving(true);
    const expiresAt = days === NEVER ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    const input = { name, scopes: scopes as Scope[], expiresAt };
    try {
      const { data } = await client.mutate({ mutation: CreateApiTokenDocument, variables: { input } });
      const { token, userErrors = [] } = data?.createApiToken ?? {};
      setError(userErrors.map(({ message }) => message).join(' ') || undefined);
      if (token) onCreated(token);
    } catch (problem) {
      setError(errorMessage(problem));
    }
    setSaving(false);
  };
  return { name, setName, scopes, setScopes, days, setDays, error, saving, submit };
}

function NewToken({ token, onDone }: { token: string; onDone: () => void }) {
  const [copied, setCopied] = useState<boolean>();
  return (
    <Stack gap="sm" className={styles.form}>
      <TextInput
        label={t('tokens.created')}
        description={t('tokens.shownOnce')}
        readOnly
        autoFocus
        value={token}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group justify="flex-end">
        <Text size="sm" role="status">
          {copied !== undefined && (copied ? t('tokens.copied') : t('tokens.notCopied'))}
        </Text>
        <Button variant="default" onClick={() => void copyText(token).then(setCopied)}>
          {t('tokens.copy')}
        </Button>
        <Button onClick={onDone}>{t('tokens.done')}</Button>
      </Group>
    </Stack>
  );
}
