/** Ids made here, so that a create which is sent twice makes one task. */

/** A UUIDv7; `crypto.randomUUID` makes version 4, and only on https. */
function uuid7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = now % 256;
    now = Math.floor(now / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

let latest: { of: string; id: string } | undefined;

/** The id under which this is created: the same when it is tried again after a lost answer, so that it makes no second task. */
export function idOf(input: object): string {
  const of = JSON.stringify(input);
  if (latest?.of !== of) latest = { of, id: uuid7() };
  return latest.id;
}

/** It is there. The same once more is another task. */
export function forgetId(): void {
  latest = undefined;
}
