/** Takes the place of the page while nobody is signed in. */
import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Logo } from '@/ui/Logo';
import { t } from '@/ui/messages';
import { ThemeSelect } from '@/ui/ThemeSelect';
import { useColorScheme } from '@/ui/useColorScheme';
import { signInFailure, withoutFailure } from './signInFailure';
import { SignInForm } from './SignInForm';
import styles from './SignInView.module.css';

const PRODUCT = 'Millitask';

export function SignInView() {
  const [failure] = useState(() => signInFailure());
  // A reload asks afresh.
  useEffect(() => window.history.replaceState(window.history.state, '', withoutFailure(window.location)), []);
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
        {failure !== undefined && (
          <Text role="alert" size="sm" c="var(--bad)" mb="md">
            {failure}
          </Text>
        )}
        <SignInForm />
      </main>
    </div>
  );
}
