/** The build of the open page, and the build that the service serves now. They differ after a deployment. */
import { createStore } from '@/ui/store';

/** Beside the page, which may be served by another host than the API. */
const BUILD_URL = '/build.json';
const TIMEOUT_MS = 5_000;

/** The build that the service serves, if it is another one than that of the open page. */
export const newBuild = createStore<string | undefined>(undefined);

/** Return the build to offer: the served one, unless the page has it already. A page without a build offers none. */
export function buildToOffer(own: string | undefined, served: unknown): string | undefined {
  return own && typeof served === 'string' && served !== own ? served : undefined;
}

/** Ask which build is served. If the answer is missing, nothing changes. */
export async function checkBuild(): Promise<void> {
  try {
    const response = await fetch(BUILD_URL, { cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return;
    const { build } = (await response.json()) as { build?: unknown };
    newBuild.set(buildToOffer(document.documentElement.dataset['build'], build));
  } catch {
    // The connection banner says that the service cannot be reached.
  }
}
