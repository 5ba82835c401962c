/** Says that the list shows the results of a search, how many there are, and whether the query was cut. */
import { Button } from '@mantine/core';
import { formatTaskCount } from '@/features/tasks/labels';
import { isolate } from '@/ui/bidi';
import { formatTotal, type Total } from '@/ui/format';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import { MAX_CHARACTERS, MAX_TERMS, parseQuery } from './searchQuery';
import styles from './SearchSummary.module.css';

interface Props {
  query: string;
  /** Where the search looks, or undefined for all tasks. */
  statusLabel: string | undefined;
  /** The number of results, or undefined until it is known. */
  total: Total | undefined;
  onClear: () => void;
}

export function SearchSummary({ query, statusLabel, total, onClear }: Props) {
  const { cut } = parseQuery(query);
  return (
    <section className={styles.bar} aria-label={t('search.region')}>
      <Icon name="search" />
      <div role="status" className={styles.text}>
        <span className={styles.query}>
          {statusLabel === undefined
            ? t('search.results', { query: isolate(query) })
            : t('search.resultsInStatus', { query: isolate(query), status: statusLabel })}
        </span>
        {total && <span className={styles.total}>{countLabel(total)}</span>}
        {cut === 'words' && <span className={styles.note}>{t('search.cut.words', { limit: MAX_TERMS })}</span>}
        {cut === 'characters' && (
          <span className={styles.note}>{t('search.cut.characters', { limit: MAX_CHARACTERS })}</span>
        )}
      </div>
      <Button size="compact-xs" variant="default" onClick={onClear} rightSection={<Icon name="close" />}>
        {t('search.clear')}
      </Button>
    </section>
  );
}

function countLabel(total: Total): string {
  return total.exact ? formatTaskCount(total.count) : t('search.moreTasks', { total: formatTotal(total) });
}
