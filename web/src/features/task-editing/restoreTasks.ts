import type { ApolloClient } from '@apollo/client';
import { formatTaskCount } from '@/features/tasks/labels';
import { invalidateList } from '@/features/tasks/listEvents';
import { RestoreTasksDocument } from '@/gql';
import { showErrorToast, showToast } from '@/ui/toast';
import { requestErrorMessage, summarizeErrors } from './mutationResults';

/** Restore deleted tasks in one mutation. This is the undo of a delete. */
export async function restoreTasks(client: ApolloClient, ids: string[]): Promise<void> {
  try {
    const { data } = await client.mutate({
      mutation: RestoreTasksDocument,
      variables: { input: { tasks: ids.map((id) => ({ id })) } },
    });
    const payload = data?.restoreTasks;
    const { count, text } = summarizeErrors(payload?.results ?? []);
    const problem = payload?.userErrors[0]?.message ?? text;
    if (count < ids.length && !payload?.userErrors.length)
      showToast(`Restored ${formatTaskCount(ids.length - count)}.`);
    if (problem) showErrorToast(problem);
    invalidateList();
  } catch (error) {
    showErrorToast(requestErrorMessage(error), { label: 'Try again', run: () => void restoreTasks(client, ids) });
  }
}
