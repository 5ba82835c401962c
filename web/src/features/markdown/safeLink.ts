/** Which addresses in a description become links, and what a link says about where it leads. */

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);
/** Characters that change the direction of the text around them, so that an address can look like another one. */
const BIDI_CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** A dot inside a word, `//`, or `@`: a reader takes such a text for an address. */
const ADDRESS = /[^\s.]\.\p{L}{2}|\/\/|@/u;

/** Return the parsed address if its scheme is allowed. A relative address is not allowed, so that a text opens nothing by itself. */
export function parseLink(address: string): URL | undefined {
  // The same parser as that of the browser, which ignores control characters in schemes.
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return SCHEMES.has(url.protocol) ? url : undefined;
}

export function withoutBidiControls(text: string): string {
  return text.replace(BIDI_CONTROLS, '');
}

/**
 * Return where a link leads if its text claims or hides something else, or undefined.
 *
 * The host is in ASCII, so that letters of another alphabet cannot imitate it.
 */
export function linkTarget(text: string, url: URL): string | undefined {
  if (url.protocol === 'mailto:') return claimsOther(text, url.pathname) ? url.pathname : undefined;
  const hidden = url.username !== '' || url.hostname.split('.').some((label) => label.startsWith('xn--'));
  return hidden || claimsOther(text, url.host) ? url.host : undefined;
}

function claimsOther(text: string, target: string): boolean {
  return ADDRESS.test(text) && claimedTarget(text.trim()) !== target;
}

/** Return the host or the mail address that a text names. */
function claimedTarget(text: string): string | undefined {
  const isMail = /^[^/\s]*@[^/\s]*$/.test(text) && !text.includes('//');
  const address = isMail ? `mailto:${text.replace(/^mailto:/i, '')}` : text.includes('//') ? text : `https://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'mailto:' ? url.pathname : url?.host;
}
