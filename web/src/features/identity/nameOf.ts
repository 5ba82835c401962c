import type { Viewer } from '@/apollo/session';

/** Return the name of a person or a token, or else its id. */
export function nameOf({ name, actor }: Viewer): string {
  return name?.trim() ? name : actor;
}
