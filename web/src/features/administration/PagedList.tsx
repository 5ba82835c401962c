/** A list that is read page by page: its items, the state of loading, and the button for more. */
import { Button, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { t } from '@/ui/messages';
import styles from './Administration.module.css';
import type { Pages } from './usePages';

interface Props<T> {
  name: string;
  pages: Pages<T>;
  empty: string;
  renderItem: (item: T) => ReactNode;
}

export function PagedList<T extends { id: string }>({ name, pages, empty, renderItem }: Props<T>) {
  const { items, loading, error, hasMore } = pages;
  return (
    <>
      {items.length > 0 && (
        <ul className={styles.list} aria-label={name}>
          {items.map((item) => (
            <li key={item.id}>{renderItem(item)}</li>
          ))}
        </ul>
      )}
      <Text size="sm" c="dimmed" role="status" component="div">
        {loading ? t('audit.loading') : items.length === 0 && error === undefined && empty}
      </Text>
      {error !== undefined && (
        <Group role="alert" gap="sm">
          <Text size="sm" c="var(--bad)">
            {error}
          </Text>
          <Button size="compact-sm" variant="default" onClick={pages.reload}>
            {t('actions.tryAgain')}
          </Button>
        </Group>
      )}
      {hasMore && !loading && (
        <Button size="xs" variant="default" onClick={pages.loadMore}>
          {t('audit.more')}
        </Button>
      )}
    </>
  );
}
