/** The API tokens of the workspace: who may use the API, until when, and when they last did. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { Badge, Group, Modal, Stack, Text } from '@mantine/core';
import { useCallback } from 'react';
import { session } from '@/apollo/session';
import { scopeName } from '@/features/identity/scopeName';
import { type ApiTokenFieldsFragment, ApiTokensDocument } from '@/gql/administration';
import { formatLongDate, formatValues } from '@/ui/format';
import { t } from '@/ui/messages';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { actorName } from './actorName';
import styles from './Administration.module.css';
import { CreateToken } from './CreateToken';
import { PagedList } from './PagedList';
import { RevokeButton } from './RevokeButton';
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
  const { replace } = pages;
  const renderToken = useCallback(
    (token: ApiTokenFieldsFragment) => <Token token={token} onRevoked={replace} />,
    [replace],
  );
  return (
    <Stack gap="md">
      <CreateToken onCreated={pages.reload} />
      <PagedList name={t('account.tokens')} pages={pages} empty={t('tokens.empty')} renderItem={renderToken} />
    </Stack>
  );
}

async function readTokens(client: ApolloClient, after: string | null): Promise<Page<ApiTokenFieldsFragment>> {
  const { data } = await client.query({ query: ApiTokensDocument, variables: { after }, fetchPolicy: 'no-cache' });
  const { nodes = [], pageInfo } = data?.apiTokens ?? {};
  return { nodes, next: pageInfo?.hasNextPage ? (pageInfo.endCursor ?? null) : null };
}

interface TokenProps {
  token: ApiTokenFieldsFragment;
  onRevoked: (token: ApiTokenFieldsFragment) => void;
}

function Token({ token, onRevoked }: TokenProps) {
  const state = tokenState(token);
  const isOwn = session.get().viewer?.actor === `token:${token.id}`;
  return (
    <>
      <div className={styles.head}>
        <Group gap={8} className={styles.name}>
          <strong dir="auto">{token.name}</strong>
          {state === 'revoked' && (
            <Badge variant="default" tt="none">
              {t('tokens.revoked')}
            </Badge>
          )}
          {state === 'expired' && (
            <Badge variant="default" tt="none">
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
