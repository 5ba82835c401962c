/** The API tokens of the workspace: who may use the API, until when, and when they last did. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { Badge, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useCallback, useState } from 'react';
import { session } from '@/apollo/session';
import { scopeName } from '@/features/identity/scopeName';
import { errorMessage } from '@/features/task-editing/lostAnswers';
import { type ApiTokenFieldsFragment, ApiTokensDocument, RevokeApiTokenDocument } from '@/gql/administration';
import { formatLongDate, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { actorName } from './actorName';
import styles from './Administration.module.css';
import { CreateToken } from './CreateToken';
import { PagedList } from './PagedList';
import { readScope, tokenState } from './tokenState';
import { type Page, usePages } from './usePages';

export function TokensDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={useOpenedAfterMount(opened)}
      onClose={onClose}
      title={t('account.tokens')}
      size="lg"
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Tokens />
    </Modal>
  );
}

function Tokens() {
  const client = useApolloClient();
  const pages = usePages(useCallback((after: string | null) => readTokens(client, after), [client]));
  return (
    <Stack gap="md">
      <CreateToken onCreated={pages.reload} />
      <PagedList
        name={t('account.tokens')}
        pages={pages}
        empty={t('tokens.empty')}
        renderItem={(token) => <Token token={token} onRevoked={pages.reload} />}
      />
    </Stack>
  );
}

async function readTokens(client: ApolloClient, after: string | null): Promise<Page<ApiTokenFieldsFragment>> {
  const { data } = await client.query({ query: ApiTokensDocument, variables: { after }, fetchPolicy: 'no-cache' });
  const { nodes = [], pageInfo } = data?.apiTokens ?? {};
  return { nodes, next: pageInfo?.hasNextPage ? (pageInfo.endCursor ?? null) : null };
}

function Token({ token, onRevoked }: { token: ApiTokenFieldsFragment; onRevoked: () => void }) {
  const state = tokenState(token);
  const isOwn = session.get().viewer?.actor === `token:${token.id}`;
  return (
    <>
      <div className={styles.head}>
        <Group gap={8} className={styles.name}>
          <strong dir="auto">{token.name}</strong>
          {state === 'revoked' && (
            <Badge color="gray" tt="none">
              {t('tokens.revoked')}
            </Badge>
          )}
          {state === 'expired' && (
            <Badge color="gray" tt="none">
              {t('tokens.expired')}
            </Badge>
          )}
          {isOwn && <Badge tt="none">{t('tokens.own')}</Badge>}
        </Group>
        {state === 'valid' && <RevokeButton token={token} isOwn={isOwn} onRevoked={onRevoked} />}
      </div>
      <Text size="sm">{formatValues(token.scopes.map((scope) => scopeName(readScope(scope))))}</Text>
      <div className={styles.facts}>
        <div dir="auto" title={token.createdBy}>
          {t('tasks.createdBy', {
            time: formatLongDate(token.createdAt),
            actor: actorName(token.createdBy, token.createdByName),
          })}
        </div>
        {token.expiresAt && <div>{t('tokens.expires', { time: formatLongDate(token.expiresAt) })}</div>}
        {token.revokedAt && <div>{t('tokens.revokedAt', { time: formatLongDate(token.revokedAt) })}</div>}
        <div>
          {token.lastUsedAt ? t('tokens.lastUsed', { time: formatLongDate(token.lastUsedAt) }) : t('tokens.neverUsed')}
        </div>
      </div>
    </>
  );
}

interface RevokeProps {
  token: ApiTokenFieldsFragment;
  isOwn: boolean;
  onRevoked: () => void;
}

/** Asks once more before it revokes: the clients that use the token fail within seconds. */
function RevokeButton({ token: { id, name }, isOwn, onRevoked }: RevokeProps) {
  const client = useApolloClient();
  const [asking, setAsking] = useState(false);
  const [sending, setSending] = useState(false);
  const revoke = async () => {
    setSending(true);
    try {
      const { data } = await client.mutate({ mutation: RevokeApiTokenDocument, variables: { input: { id } } });
      const [error] = data?.revokeApiToken.userErrors ?? [];
      if (error) showErrorToast(error.message);
    } catch (error) {
      showErrorToast(errorMessage(error));
    }
    setSending(false);
    onRevoked();
  };
  if (!asking) {
    return (
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('tokens.revokeNamed', { name })}
        onClick={() => setAsking(true)}
      >
        {t('tokens.revoke')}
      </Button>
    );
  }
  return (
    <Group gap={6}>
      <Text size="xs" role="alert">
        {isOwn ? t('tokens.askOwn') : t('tokens.ask')}
      </Text>
      <Button size="compact-xs" variant="default" autoFocus onClick={() => setAsking(false)}>
        {t('actions.cancel')}
      </Button>
      <Button size="compact-xs" color="red" loading={sending} onClick={() => void revoke()}>
        {t('tokens.revoke')}
      </Button>
    </Group>
  );
}
