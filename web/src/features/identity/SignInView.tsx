/** Takes the place of the page while nobody is signed in. */
import { Logo } from '@/ui/Logo';
import { t } from '@/ui/messages';
import { ThemeSelect } from '@/ui/ThemeSelect';
import { useColorScheme } from '@/ui/useColorScheme';
import { SignInForm } from './SignInForm';
import styles from './SignInView.module.css';

const PRODUCT = 'Millitask';

export function SignInView() {
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <ThemeSelect colorScheme={useColorScheme()} />
      </header>
      <main className={styles.card}>
        <div className={styles.name}>
          <Logo />
          <span>{PRODUCT}</span>
        </div>
        <h1 className={styles.title}>{t('signIn.title')}</h1>
        <SignInForm />
      </main>
    </div>
  );
}
