/** The addresses of the API: on the page's own origin, or at NEXT_PUBLIC_API during development with hot reload. */

const origin =
  process.env.NEXT_PUBLIC_API ?? (typeof window === 'undefined' ? 'http://127.0.0.1' : window.location.origin);

export const GRAPHQL_URL = `${origin}/graphql`;
export const WEB_SOCKET_URL = GRAPHQL_URL.replace(/^http/, 'ws');
export const READINESS_URL = `${origin}/readyz`;
export const SESSION_URL = `${origin}/session`;
