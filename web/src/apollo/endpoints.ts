/** Where the API is: at this page's own origin, or (hot reload) at NEXT_PUBLIC_API. */

const origin =
  process.env.NEXT_PUBLIC_API ?? (typeof window === 'undefined' ? 'http://127.0.0.1' : window.location.origin);

export const GRAPHQL_URL = `${origin}/graphql`;
export const SOCKET_URL = GRAPHQL_URL.replace(/^http/, 'ws');
export const READY_URL = `${origin}/readyz`;
