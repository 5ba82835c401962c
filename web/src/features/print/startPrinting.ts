import type { ApolloClient } from '@apollo/client';
import type { View } from '@/features/task-list/taskView';
import { t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';

/** Call `printTasks`, whose code is loaded when it is needed. Meanwhile the person may look at another view. */
export async function startPrinting(client: ApolloClient, view: View, total: number | undefined): Promise<void> {
  const address = window.location.href;
  let printing;
  try {
    printing = await import('./printTasks');
  } catch {
    return showErrorToast(t('print.codeMissing'));
  }
  return printing.printTasks(client, { view, total, address });
}
