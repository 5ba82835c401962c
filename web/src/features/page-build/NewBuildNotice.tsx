/** Says that the service has a new version of the page. The page never reloads by itself. */
import { Button, CloseButton } from '@mantine/core';
import { useState } from 'react';
import { t } from '@/ui/messages';
import { useStore } from '@/ui/store';
import { showErrorToast } from '@/ui/toast';
import styles from './NewBuildNotice.module.css';
import { newBuild } from './pageBuild';
import { reloadPage } from './reloadPage';

export function NewBuildNotice() {
  const build = useStore(newBuild);
  const [postponed, setPostponed] = useState<string>();
  return (
    <div role="status" className={styles.container}>
      {build !== undefined && build !== postponed && (
        <div className={styles.notice}>
          <span>{t('page.newVersion')}</span>
          <Button variant="light" size="compact-sm" onClick={() => void reload()} className={styles.reload}>
            {t('actions.reload')}
          </Button>
          <CloseButton
            size="sm"
            aria-label={t('page.later')}
            title={t('page.later')}
            onClick={() => setPostponed(build)}
          />
        </div>
      )}
    </div>
  );
}

async function reload(): Promise<void> {
  if (!(await reloadPage())) showErrorToast(t('page.reloadLater'));
}
