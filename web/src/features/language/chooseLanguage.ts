import { reloadPage } from '@/features/page-build/reloadPage';
import { type Language, language, saveLanguage } from '@/ui/language';
import { t } from '@/ui/messages';
import { showToast } from '@/ui/toast';

/** Show the page in another language, from now on. Reloads the page: unsaved text is stored outside of it. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  saveLanguage(chosen);
  if (chosen !== language && !(await reloadPage())) showToast(t('language.laterLoad'));
}
