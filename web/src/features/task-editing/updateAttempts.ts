/**
 * The attempts to send one update mutation.
 *
 * An edit expects the version of its task that the person saw. If someone else has changed other fields since, the
 * edit is sent again with the current version. Only an edit of the same field is a conflict.
 */
import type { ApolloLink } from '@apollo/client';
import type { MutationAttempts } from '@/apollo/resendLink';
import type { UpdateTaskInput, UpdateTasksMutation, UpdateTasksMutationVariables } from '@/gql';
import { type BaseValues, conflictingFields, editedFields } from './fieldConflicts';
import { isUnconfirmedVersion } from './lostAnswers';
import { isVersionConflict } from './mutationResults';
import { acceptSavedChanges, type UpdateResults } from './taskEdits';

/** One edited task of an update mutation. */
export interface EditAttempt {
  input: UpdateTaskInput;
  base: BaseValues;
  /** The version that the page shows until the service answers. */
  predictedVersion: number | undefined;
  result?: UpdateResults[number];
  /** The version that the first attempt expected. Set if the edit was sent again with another version. */
  firstExpected?: number;
}

/** Move what expects one version of a task to another version. */
type Rebase = (id: string, fromVersion: number, toVersion: number) => void;

/** The edits that have not been answered yet, of this and of later mutations. */
const unanswered = new Set<EditAttempt>();

export function updateAttempts(edits: EditAttempt[], allFields: boolean, rebase: Rebase): MutationAttempts {
  let open = edits;
  for (const edit of edits) unanswered.add(edit);
  return {
    variables: (): UpdateTasksMutationVariables => ({ input: { tasks: open.map(({ input }) => input) }, allFields }),
    answer: (result, isLast) => {
      const payload = (result.data as UpdateTasksMutation | null | undefined)?.updateTasks;
      const inputs = open.map(({ input }) => input);
      const results = acceptSavedChanges(inputs, payload?.results ?? []);
      open.forEach((edit, i) => (edit.result = results[i] ?? edit.result));
      open = isLast ? [] : open.filter(expectCurrentVersion);
      return open.length > 0 ? undefined : withAllResults(result, edits);
    },
    end: () => {
      for (const edit of edits) unanswered.delete(edit);
      for (const edit of edits) settle(edit, rebase);
    },
  };
}

/**
 * Make an edit whose fields nobody else has changed expect the current version. Returns whether to send it again.
 *
 * An earlier edit of this tab whose answer was lost is nobody else's.
 */
function expectCurrentVersion(edit: EditAttempt): boolean {
  const { input, base, result } = edit;
  const current = isVersionConflict(result) ? result?.currentTask : undefined;
  if (!current) return false;
  if (conflictingFields(input, base, current).length > 0 && !isUnconfirmedVersion(current)) return false;
  if (typeof input.expectedVersion === 'number') edit.firstExpected ??= input.expectedVersion;
  edit.input = { ...input, expectedVersion: current.version };
  return true;
}

function withAllResults(result: ApolloLink.Result, edits: EditAttempt[]): ApolloLink.Result {
  const data = result.data as UpdateTasksMutation | null | undefined;
  const results = edits.flatMap((edit) => edit.result ?? []);
  if (!data || results.length < edits.length) return result;
  return { ...result, data: { updateTasks: { ...data.updateTasks, userErrors: [], results } } };
}

/** Make drafts and later edits, which build on this edit, expect the version that the task has now. */
function settle({ input, result, firstExpected, predictedVersion }: EditAttempt, rebase: Rebase): void {
  const saved = result?.task;
  const expected = firstExpected ?? input.expectedVersion;
  if (typeof expected === 'number') {
    // After a second attempt the task contains changes that the page did not show when later edits began.
    const next = saved && firstExpected === undefined ? saved.version : expected;
    for (const from of [predictedVersion, expected]) {
      if (from === undefined || from === next) continue;
      rebase(input.id, from, next);
      for (const later of laterEdits(input.id)) {
        if (later.input.expectedVersion === from) later.input = { ...later.input, expectedVersion: next };
      }
    }
  }
  if (!saved) return;
  const savedValues = Object.fromEntries(editedFields(input).map((field) => [field, input[field]]));
  for (const later of laterEdits(input.id)) later.base = { ...later.base, ...savedValues };
}

function laterEdits(id: string): EditAttempt[] {
  return [...unanswered].filter(({ input }) => input.id === id);
}
