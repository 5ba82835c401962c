/** What the answer of a mutation over several tasks says: who was refused, why, and what to tell. */
import type { TaskFieldsFragment, UserErrorCode } from '@/gql';

export interface Refusal {
  message: string;
  code: UserErrorCode;
}

export interface ItemResult {
  userErrors: Refusal[];
  currentTask?: TaskFieldsFragment | null;
}

/** What is said of a change, and whether it can be taken back. */
export interface Telling {
  /** Said when it is done, with Undo; without it nothing is said. */
  done?: string;
  /** It takes something back, and is not to be taken back itself. */
  undoing?: boolean;
}

/** Any mutation fails so when nobody answers. */
export const UNREACHABLE = 'The service cannot be reached, so nothing was saved. What you typed is kept here.';

/** A failed request in words; a refusal of the service says itself what is wrong. */
export function inWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /fetch|network/i.test(message) ? UNREACHABLE : message;
}

/** The different reasons, each once, and how many tasks they kept back. */
export function refusals(results: ItemResult[]): { count: number; text: string } {
  const refused = results.filter((result) => result.userErrors.length > 0);
  const reasons = new Set(refused.flatMap((result) => result.userErrors.map((error) => error.message)));
  return { count: refused.length, text: [...reasons].join(' ') };
}

export function isConflict(result: ItemResult | undefined): boolean {
  return result?.userErrors.some((error) => error.code === 'VERSION_CONFLICT') ?? false;
}

export function tasksInWords(count: number): string {
  return count === 1 ? '1 task' : `${count.toLocaleString('en')} tasks`;
}
