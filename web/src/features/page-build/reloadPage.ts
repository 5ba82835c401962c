const TIMEOUT_MS = 5_000;

/** Reload the page, if it can be loaded. Resolves to false if not: the open page is then better than an error page. */
export async function reloadPage(): Promise<boolean> {
  try {
    const response = await fetch(window.location.pathname, {
      method: 'HEAD',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return false;
  } catch {
    return false;
  }
  window.location.reload();
  return true;
}
