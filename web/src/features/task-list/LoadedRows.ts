/** The rows that are loaded, by their place in the list: what the keyboard, a range and the anchor go by. */

export const WINDOW = 100;

interface Loaded {
  ids: string[];
  refetch: () => Promise<unknown>;
}

export class Rows {
  private readonly windows = new Map<number, Loaded>();

  put(page: number, loaded: Loaded): void {
    this.windows.set(page, loaded);
  }

  drop(page: number): void {
    this.windows.delete(page);
  }

  idAt(row: number): string | undefined {
    return this.windows.get(Math.floor(row / WINDOW))?.ids[row % WINDOW];
  }

  rowOf(id: string): number | undefined {
    for (const [page, { ids }] of this.windows) {
      const at = ids.indexOf(id);
      if (at >= 0) return page * WINDOW + at;
    }
    return undefined;
  }

  idsOf(page: number): string[] | undefined {
    return this.windows.get(page)?.ids;
  }

  refetch(): Promise<unknown> {
    return Promise.allSettled([...this.windows.values()].map(({ refetch }) => refetch()));
  }
}
