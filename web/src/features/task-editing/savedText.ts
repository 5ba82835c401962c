import type { ApolloClient } from '@apollo/client';
import type { BaseValues, TextField } from './fieldConflicts';
import { mayHaveChanged } from './lostAnswers';
import { readCachedTask } from './readCachedTask';

/**
 * Whether the service has this text in a field of a task, so that nothing has to be sent.
 *
 * An edit in flight may still fail, and one without an answer may have been saved. So the text must be there with and
 * without the edits in flight, and every edit of this version must have an answer.
 */
export function isTextSaved(client: ApolloClient, id: string, field: TextField, text: string): boolean {
  const saved = readCachedTask(client, id, false);
  if (!saved || mayHaveChanged(saved)) return false;
  return [saved, readCachedTask(client, id, true)].every((task: BaseValues | null) => task?.[field] === text);
}
