/** A list that is read page by page: its items, the state of loading, and the button for more. */
import { Button, Group, Text } from '@mantine/core';
import { memo, type ReactNode, useEffect, useRef } from 'react';
import { t } from '@/ui/messages';
import styles from './Administration.module.css';
import type { Pages } from './usePages';

interface Props<T> {
  name: string;
  pages: Pages<T>;
  empty: string;
  /** Returns the content of an item. An item is rendered again if the function changes. */
  renderItem: (item: T) => ReactNode;
}

export function PagedList<T extends { id: string }>({ name, pages, empty, renderItem }: Props<T>) {
  const { items, loading, error, hasMore } = pages;
  const list = useRef<HTMLUListElement>(null);
  const more = useRef<HTMLButtonElement>(null);
  /** The number of items when the person asked for more. Undefined if they did not. */
  const shown = useRef<number>(undefined);
  // The button moves down, or goes with the last page. The person who pressed it continues at the first new item.
  useEffect(() => {
    if (loading || shown.current === undefined) return;
    const first = list.current?.children[shown.current];
    const { activeElement } = document;
    if (activeElement === more.current || activeElement === document.body) focusItem(first);
    shown.current = undefined;
  }, [loading, items]);
  return (
    <>
      {items.length > 0 && (
        <ul ref={list} className={styles.list} aria-label={name}>
          {items.map((item) => (
            <Item key={item.id} item={item} render={renderItem} />
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
      {hasMore && (
        <Button
          ref={more}
          size="xs"
          variant="default"
          aria-disabled={loading}
          onClick={() => {
            if (loading) return;
            shown.current = items.length;
            pages.loadMore();
          }}
        >
          {t('audit.more')}
        </Button>
      )}
    </>
  );
}

interface ItemProps<T> {
  item: T;
  render: (item: T) => ReactNode;
}

/** Thousands of items are on screen at once, so each is rendered only if it changes. */
const Item = memo(function Item<T>({ item, render }: ItemProps<T>) {
  return <li tabIndex={-1}>{render(item)}</li>;
}) as <T>(props: ItemProps<T>) => ReactNode;

/** Focus an item of a list, or the item that contains an element. */
export function focusItem(element: Element | null | undefined): void {
  element?.closest<HTMLElement>('li')?.focus();
}
