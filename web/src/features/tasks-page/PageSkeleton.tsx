/** The frame of the page with placeholder rows, shown until the browser has read the URL. */
import utilities from '@/ui/utilities.module.css';
import headerStyles from './Header.module.css';
import styles from './PageSkeleton.module.css';
import statusBarStyles from './StatusBar.module.css';
import pageStyles from './TasksPage.module.css';

const ROWS = 16;

export function PageSkeleton() {
  return (
    <div className={pageStyles.page} aria-busy="true">
      <header className={headerStyles.header}>
        <h1 className={headerStyles.name}>Millitask</h1>
      </header>
      <main className={pageStyles.main}>
        <div className={styles.rows}>
          <span className={utilities.visuallyHidden}>Loading tasks</span>
          {Array.from({ length: ROWS }, (_, i) => (
            <span key={i} className={styles.row}>
              <span style={{ width: `${25 + ((i * 37) % 40)}%` }} />
            </span>
          ))}
        </div>
      </main>
      <footer className={statusBarStyles.bar} />
    </div>
  );
}
