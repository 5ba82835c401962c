import { pageOfRow, WINDOW_SIZE } from './windows';

interface LoadedWindow {
  ids: string[];
  refetch: () => Promise<unknown>;
}

/** The task ids of the windows on screen, by row. */
export class LoadedRows {
  private readonly windows = new Map<number, LoadedWindow>();

  set(page: number, loaded: LoadedWindow): void {
    this.windows.set(page, loaded);
  }

  delete(page: number): void {
    this.windows.delete(page);
  }

  idAt(row: number): string | undefined {
    return this.windows.get(pageOfRow(row))?.ids[row % WINDOW_SIZE];
  }

  rowOf(id: string): number | undefined {
    for (const [page, { ids }] of this.windows) {
      const index = ids.indexOf(id);
      if (index >= 0) return page * WINDOW_SIZE + index;
    }
    return undefined;
  }

  idsOfPage(page: number): string[] | undefined {
    return this.windows.get(page)?.ids;
  }

  /** Resolves when every window has been refetched, or its refetch has failed. */
  refetch(): Promise<unknown> {
    return Promise.allSettled([...this.windows.values()].map(({ refetch }) => refetch()));
  }
}
