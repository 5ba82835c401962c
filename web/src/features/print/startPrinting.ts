import type { ApolloClient } from '@apollo/client';
import type { View } from '@/features/task-list/taskView';
import { loadLaterMessages, t } from '@/ui/messages';
import { showErrorToast } from '@/ui/toast';

/** Load the code of `printTasks` and call it. The person may look at another view before it is loaded. */
export async function startPrinting(client: ApolloClient, view: View, total: number | undefined): Promise<void> {
  const address = window.location.href;
  let printing;
  try {
    [printing] = await Promise.all([import('./printTasks'), loadLaterMessages()]);
  } catch {
    return showErrorToast(t('print.codeMissing'));
  }
  return printing.printTasks(client, { view, total, address });
}
