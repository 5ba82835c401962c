/** Tasks that others have added since: shown when the reader asks for it. */
import { Icon } from '@/ui/icons';
import { count as inWords } from '@/ui/format';
import styles from './TaskGrid.module.css';

export function NewPill({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <div className={styles.pillPlace} role="status">
      {count > 0 && (
        <button type="button" className={styles.pill} onClick={onShow}>
          <Icon name="arrowUp" />
          {inWords(count)} new, show
        </button>
      )}
    </div>
  );
}
