/** What a bulk change has done, in about 30 bytes per task, so that it can be undone. */
import type { BulkFields, UpdateItem } from './bulkItem';

const BYTES_PER_ID = 16;

interface Chunk {
  ids: Uint8Array;
  versions: Int32Array;
  before: BulkFields[];
  after: BulkFields[];
}

export class BulkLog {
  count = 0;
  private readonly chunks: Chunk[] = [];
  /** Equal values are stored once. */
  private readonly values = new Map<string, BulkFields>();

  append(items: UpdateItem[]): void {
    if (items.length === 0) return;
    this.chunks.push({
      ids: packIds(items.map(({ id }) => id)),
      versions: Int32Array.from(items, ({ version }) => version),
      before: items.map(({ before }) => this.share(before)),
      after: items.map(({ after }) => this.share(after)),
    });
    this.count += items.length;
  }

  /** Yield the items batch by batch, each batch as it was appended. */
  *batches(): Generator<UpdateItem[]> {
    for (const { ids, versions, before, after } of this.chunks) {
      yield unpackIds(ids).map((id, i) => ({
        id,
        version: versions[i] ?? 0,
        before: before[i] ?? {},
        after: after[i] ?? {},
      }));
    }
  }

  private share(fields: BulkFields): BulkFields {
    const key = JSON.stringify(fields);
    const known = this.values.get(key);
    if (known) return known;
    this.values.set(key, fields);
    return fields;
  }
}

export function packIds(ids: string[]): Uint8Array {
  const packed = new Uint8Array(ids.length * BYTES_PER_ID);
  ids.forEach((id, i) => {
    const hex = id.replaceAll('-', '');
    for (let byte = 0; byte < BYTES_PER_ID; byte += 1) {
      packed[i * BYTES_PER_ID + byte] = parseInt(hex.slice(byte * 2, byte * 2 + 2), 16);
    }
  });
  return packed;
}

export function unpackIds(packed: Uint8Array): string[] {
  return Array.from({ length: packed.length / BYTES_PER_ID }, (_, i) => {
    const bytes = packed.subarray(i * BYTES_PER_ID, (i + 1) * BYTES_PER_ID);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  });
}
