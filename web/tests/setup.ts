import { beforeAll, beforeEach, vi } from 'vitest';
import { loadLaterMessages } from '@/ui/messages';

beforeAll(loadLaterMessages);

// The session is read from the service. This answer is that of a service without identity.
beforeEach(() => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 404 })));
});
