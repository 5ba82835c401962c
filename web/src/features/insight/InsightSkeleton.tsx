/** The frame of the page until its code is loaded. */
import { Logo } from '@/ui/Logo';
import styles from './Insight.module.css';

export function InsightSkeleton() {
  return (
    <div className={styles.page} aria-busy>
      <header className={styles.header}>
        <span className={styles.name}>
          <Logo />
        </span>
      </header>
      <div className={styles.main}>
        {Array.from({ length: 6 }, (_, index) => (
          <div key={index} className={styles.bone} />
        ))}
      </div>
    </div>
  );
}
