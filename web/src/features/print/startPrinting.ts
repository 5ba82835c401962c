import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';

/** Call `printTasks`, whose code is loaded when it is needed. */
export async function startPrinting(...request: Parameters<typeof import('./printTasks').printTasks>): Promise<void> {
  let printing;
  try {
    printing = await import('./printTasks');
  } catch {
    return showErrorToast(t('print.codeMissing'));
  }
  return printing.printTasks(...request);
}
