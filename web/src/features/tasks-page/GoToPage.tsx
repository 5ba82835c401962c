/** The page number of the list. Entering another number scrolls to that page. */
import { type RefObject, type SubmitEvent, useState } from 'react';
import type { GridHandle, ListPosition } from '@/features/task-list/gridHandle';
import { WINDOW_SIZE } from '@/features/task-list/windows';
import { t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import styles from './GoToPage.module.css';

interface Props {
  position: ListPosition;
  inputRef: RefObject<HTMLInputElement | null>;
  grid: RefObject<GridHandle | null>;
}

export function GoToPage({ position, inputRef, grid }: Props) {
  // From the focus on, the field keeps its text while the list moves. A new text would end its selection.
  const [typed, setTyped] = useState<string>();
  if (!position.counted) return <span />;
  const pageCount = Math.max(Math.ceil(position.total / WINDOW_SIZE), 1);
  const currentPage = Math.floor(position.row / WINDOW_SIZE) + 1;
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const page = Number(typed ?? currentPage);
    setTyped(undefined);
    if (!Number.isInteger(page) || page < 1) return;
    grid.current?.goToRow((Math.min(page, pageCount) - 1) * WINDOW_SIZE);
  };
  return (
    <form onSubmit={onSubmit} className={styles.form}>
      <label>
        <span className={utilities.desktopOnly}>{t('statusBar.goToPage')}</span>
        <span className={utilities.visuallyHidden}> {t('statusBar.ofPages', { count: pageCount })}</span>
        <input
          ref={inputRef}
          name="page"
          type="number"
          inputMode="numeric"
          min={1}
          max={pageCount}
          value={typed ?? currentPage}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onBlur={() => setTyped(undefined)}
          onFocus={(event) => {
            setTyped(event.target.value);
            event.target.select();
          }}
          onKeyDown={(event) => event.key === 'Escape' && grid.current?.focus()}
        />
      </label>
      <span aria-hidden="true">{t('statusBar.pages', { count: pageCount })}</span>
    </form>
  );
}
