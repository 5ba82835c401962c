/** The frame of the page with its search field and placeholder rows, shown until the browser has read the URL. */
import { Icon } from '@/ui/icons';
import type { Language } from '@/ui/language';
import { Logo } from '@/ui/Logo';
import utilities from '@/ui/utilities.module.css';
import headerStyles from './Header.module.css';
import styles from './PageSkeleton.module.css';
import statusBarStyles from './StatusBar.module.css';
import pageStyles from './TasksPage.module.css';

const ROWS = 16;

/** `searchTexts`: the text of the empty search field, by language. The style sheet displays that of the document. */
export function PageSkeleton({ searchTexts }: { searchTexts: Record<Language, string> }) {
  return (
    <div className={pageStyles.page} aria-busy="true">
      <header className={headerStyles.header}>
        <h1 className={headerStyles.name}>
          <Logo />
          <span>Millitask</span>
        </h1>
        <div className={`${headerStyles.tools} ${styles.tools}`} aria-hidden>
          <div className={`${headerStyles.search} ${styles.search}`}>
            <Icon name="search" />
            {Object.entries(searchTexts).map(([language, text]) => (
              <span key={language} lang={language}>
                {text}
              </span>
            ))}
          </div>
        </div>
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
