/** The frame of the page before its script has read the URL: the same places, still empty. */
import styles from './TasksPage.module.css';

export function Waiting() {
  return (
    <div className={styles.page} aria-busy="true">
      <header className={styles.header}>
        <h1 className={styles.name}>Millitask</h1>
      </header>
      <main className={styles.main}>
        <div className={styles.waiting}>
          <span className={styles.hiddenText}>Loading the tasks</span>
          {Array.from({ length: 16 }, (_, i) => (
            <span key={i} className={styles.waitingRow}>
              <span style={{ width: `${25 + ((i * 37) % 40)}%` }} />
            </span>
          ))}
        </div>
      </main>
      <footer className={styles.bar} />
    </div>
  );
}
