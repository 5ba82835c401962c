/** The message that replaces an empty list. */
import { Button, Kbd, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { conditionLabels } from '@/features/filters/conditionLabels';
import { useCanWrite } from '@/features/identity/permissions';
import { STATUS_LABELS } from '@/features/tasks/labels';
import { isolate } from '@/ui/bidi';
import { Icon, type IconName } from '@/ui/icons';
import { rich, t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import styles from './EmptyState.module.css';
import type { View } from './taskView';

interface Props {
  view: View;
  onCreate: () => void;
  onClearFilter: () => void;
}

export function EmptyList({ view, onCreate, onClearFilter }: Props) {
  if (view.q) return <NoSearchResults view={view} />;
  if (view.filter ?? view.where) return <NoFilterMatches view={view} onClear={onClearFilter} />;
  return <NoTasks view={view} onCreate={onCreate} />;
}

function NoFilterMatches({ view, onClear }: { view: View; onClear: () => void }) {
  const status = view.status ? [t('filters.status', { status: STATUS_LABELS[view.status] })] : [];
  return (
    <EmptyState icon="filter" title={t('filters.noMatches')}>
      {[...status, ...conditionLabels(view)].join(' · ')}
      <Button variant="default" onClick={onClear} mt="md" display="block" mx="auto">
        {t('filters.clear')}
      </Button>
    </EmptyState>
  );
}

function NoTasks({ view, onCreate }: { view: View; onCreate: () => void }) {
  const canWrite = useCanWrite();
  const isFiltered = view.status !== null || view.order === 'EXPIRING_SOON';
  return (
    <EmptyState icon="list" title={emptyTitle(view)}>
      {isFiltered || !canWrite ? (
        t('empty.later')
      ) : (
        <>
          <span className={utilities.desktopOnly}>
            {rich('empty.press', { key: (name) => <Kbd size="xs">{name}</Kbd> })}
          </span>
          <span className={utilities.phoneOnly}>{t('empty.create')}</span>
        </>
      )}
      {canWrite && (
        <Button onClick={onCreate} leftSection={<Icon name="plus" />} mt="md" display="block" mx="auto">
          {t('tasks.new')}
        </Button>
      )}
    </EmptyState>
  );
}

function emptyTitle({ status, order }: View): string {
  if (status) return t('empty.status', { status: STATUS_LABELS[status] });
  return order === 'EXPIRING_SOON' ? t('empty.expiring') : t('empty.none');
}

function NoSearchResults({ view: { q: query, status } }: { view: View }) {
  return (
    <EmptyState icon="search" title={t('empty.search')}>
      {status
        ? t('empty.searchInStatus', { query: isolate(query), status: STATUS_LABELS[status] })
        : t('empty.searchText', { query: isolate(query) })}
    </EmptyState>
  );
}

/** Shown instead of a list when a search has nothing to look for. */
export function NothingToSearch({ query }: { query: string }) {
  return (
    <EmptyState icon="search" title={t('search.nothing.title')}>
      {t('search.nothing.text', { query: isolate(query) })}
    </EmptyState>
  );
}

export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <Stack className={styles.empty} align="center" gap="sm">
      <Icon name={icon} />
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" size="sm" ta="center" maw={420} component="div" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </Stack>
  );
}
