/** The service has not answered a request: the network failed, or the time limit was reached. A change may be saved. */
import { t } from '@/ui/messages';
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    // Each browser has its own text: "Failed to fetch", "Load failed", "NetworkError when attempting …".
    super(t('connection.unreachable'), { cause });
    this.name = 'UnreachableError';
  }
}
