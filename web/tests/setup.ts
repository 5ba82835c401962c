import { beforeEach, vi } from 'vitest';

// The session is read from the service. This answer is that of a service without identity.
beforeEach(() => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 404 })));
});
