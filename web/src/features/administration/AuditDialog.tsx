/** The administrative actions of the workspace, newest first. */
import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { Modal, Stack, Text } from '@mantine/core';
import { useCallback } from 'react';
import { type AuditLogFieldsFragment, AuditLogDocument } from '@/gql/administration';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { useOpenedAfterMount } from '@/ui/useOpenedAfterMount';
import { actionName } from './actionName';
import { actorName } from './actorName';
import styles from './Administration.module.css';
import { describeDetails, describeTarget } from './auditDetails';
import { PagedList } from './PagedList';
import { type Page, usePages } from './usePages';

export function AuditDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={useOpenedAfterMount(opened)}
      onClose={onClose}
      title={t('account.audit')}
      size="lg"
      transitionProps={{ duration: 100 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <AuditList />
    </Modal>
  );
}

function AuditList() {
  const client = useApolloClient();
  const pages = usePages(useCallback((after: string | null) => readEntries(client, after), [client]));
  return (
    <Stack gap="md">
      <PagedList name={t('account.audit')} pages={pages} empty={t('audit.empty')} renderItem={renderEntry} />
    </Stack>
  );
}

async function readEntries(client: ApolloClient, after: string | null): Promise<Page<AuditLogFieldsFragment>> {
  const { data } = await client.query({ query: AuditLogDocument, variables: { after }, fetchPolicy: 'no-cache' });
  const { nodes = [], pageInfo } = data?.auditLog ?? {};
  return { nodes, next: pageInfo?.hasNextPage ? (pageInfo.endCursor ?? null) : null };
}

function renderEntry(entry: AuditLogFieldsFragment) {
  return <Entry entry={entry} />;
}

function Entry({ entry }: { entry: AuditLogFieldsFragment }) {
  const { at, actor, action, address } = entry;
  const target = describeTarget(entry);
  return (
    <>
      <div className={styles.head}>
        <strong title={action}>{actionName(action)}</strong>
        <time dateTime={at} className={styles.facts}>
          {formatLongDate(at)}
        </time>
      </div>
      {describeDetails(entry).map((line) => (
        <Text key={line} size="sm" dir="auto">
          {line}
        </Text>
      ))}
      <div className={styles.facts}>
        <div dir="auto" title={actor}>
          {t('audit.by', { actor: actorName(actor, entry.actorName) })}
        </div>
        {target && (
          <div dir="auto" title={entry.target}>
            {target}
          </div>
        )}
        {address && <div>{t('audit.from', { address })}</div>}
      </div>
    </>
  );
}
