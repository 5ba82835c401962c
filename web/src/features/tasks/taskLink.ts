/** The address of a task. */
import { t } from '@/ui/messages';
import { showErrorToast, showToast } from '@/ui/toast';

export function taskPath(id: string): string {
  return `/?task=${id}`;
}

/** Copy the address of a task. Browsers have a clipboard only on pages that came over HTTPS or from this computer. */
export async function copyTaskLink(id: string): Promise<void> {
  const url = new URL(taskPath(id), window.location.origin).href;
  try {
    await navigator.clipboard.writeText(url);
    showToast(t('tasks.link.copied'));
  } catch {
    showErrorToast(t('tasks.link.notCopied', { url }));
  }
}
