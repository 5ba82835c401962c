/** Ids of new tasks. The page chooses them, so that a create request that is sent twice creates one task. */

/** Return a UUIDv7. `crypto.randomUUID` returns version 4, and is only available over HTTPS. */
export function uuid7(nowMs = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let remaining = nowMs;
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = remaining % 256;
    remaining = Math.floor(remaining / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

let pending: { input: string; id: string } | undefined;

/** Return the id to create this input with. A retry of the same input gets the same id. */
export function idForCreate(input: object): string {
  const serialized = JSON.stringify(input);
  if (pending?.input !== serialized) pending = { input: serialized, id: uuid7() };
  return pending.id;
}

/** Forget the pending id after a successful create: the same input now creates another task. */
export function clearPendingId(): void {
  pending = undefined;
}
