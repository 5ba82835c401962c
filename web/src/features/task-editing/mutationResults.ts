/** Reads the result of a bulk mutation: which tasks failed, the reasons, and the message for the person. */
import type { TaskFieldsFragment, UserErrorCode } from '@/gql';
import { t } from '@/ui/messages';
import type { BaseValues } from './fieldConflicts';
import type { ChangeRecord } from './undoStack';

export interface UserError {
  message: string;
  code: UserErrorCode;
}

export interface ItemResult {
  userErrors: UserError[];
  currentTask?: TaskFieldsFragment | null;
}

export interface MutationOptions {
  /** The message after success, with an Undo button. Without it, no message is shown. */
  successMessage?: string;
  /** What the history records. Without it, this is a new change that describes itself. */
  record?: ChangeRecord;
  /** For each input, the values that it builds on. By default those of its drafts, or those that the page shows. */
  bases?: BaseValues[] | undefined;
}

/** Return how many tasks failed, and their distinct reasons as one text. */
export function summarizeErrors(results: ItemResult[]): { count: number; text: string } {
  const failed = results.filter((result) => result.userErrors.length > 0);
  const reasons = new Set(failed.flatMap((result) => result.userErrors.map(reasonOf)));
  return { count: failed.length, text: [...reasons].join(' ') };
}

/** Return why a task was refused. The API's message about a conflict names versions, which the page does not show. */
export function reasonOf({ code, message }: UserError): string {
  return code === 'VERSION_CONFLICT' ? t('editing.conflict') : message;
}

export function isVersionConflict(result: ItemResult | undefined): boolean {
  return hasError(result, 'VERSION_CONFLICT');
}

/** Whether the task does not exist, was deleted or has expired. */
export function isNotFound(result: ItemResult | undefined): boolean {
  return hasError(result, 'NOT_FOUND');
}

function hasError(result: ItemResult | undefined, code: UserErrorCode): boolean {
  return result?.userErrors.some((error) => error.code === code) ?? false;
}
