/** The part of the browser's `Storage` that needs no index signature. */
type KeyValueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'clear' | 'length'>;

/** Return the browser's storage, or storage in memory if the browser blocks it. */
export function safeLocalStorage(): KeyValueStorage {
  try {
    return window.localStorage;
  } catch {
    return new MemoryStorage();
  }
}

class MemoryStorage implements KeyValueStorage {
  private readonly values = new Map<string, string>();

  get length(): number {
    return this.values.size;
  }

  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }

  removeItem(key: string): void {
    this.values.delete(key);
  }

  clear(): void {
    this.values.clear();
  }
}
