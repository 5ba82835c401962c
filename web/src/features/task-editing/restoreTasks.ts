/** Brings deleted tasks back, in one mutation. */
import type { ApolloClient } from '@apollo/client';
import { listChanged } from '@/features/tasks/listEvents';
import { tell, warn } from '@/ui/toast';
import { RestoreTasksDocument } from '@/gql';
import { inWords, refusals, tasksInWords } from './mutationResult';

export async function restoreTasks(client: ApolloClient, ids: string[]): Promise<void> {
  try {
    const { data } = await client.mutate({
      mutation: RestoreTasksDocument,
      variables: { input: { tasks: ids.map((id) => ({ id })) } },
    });
    const payload = data?.restoreTasks;
    const { count, text } = refusals(payload?.results ?? []);
    const problem = payload?.userErrors[0]?.message ?? text;
    if (count < ids.length && !payload?.userErrors.length) tell(`Restored ${tasksInWords(ids.length - count)}.`);
    if (problem) warn(problem);
    listChanged();
  } catch (error) {
    warn(inWords(error), { label: 'Try again', run: () => void restoreTasks(client, ids) });
  }
}
