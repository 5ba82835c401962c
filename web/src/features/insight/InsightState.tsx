/** Takes the place of the figures, and says why. */
import type { ReactNode } from 'react';
import styles from './Insight.module.css';

export function InsightState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.state} role="status">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}
