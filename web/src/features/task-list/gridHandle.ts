/** The interface between the task list and the rest of the page. */
export interface GridHandle {
  /** Scroll to a row and make it active. A row beyond the end means the last one. */
  goToRow: (row: number) => void;
  focus: () => void;
  refetch: () => Promise<unknown>;
}

export interface ListPosition {
  /** The first fully visible row, from 0. */
  row: number;
  total: number;
  /** Whether the total is exact. A search does not count its results. */
  counted: boolean;
  /** The keys of the loaded windows in `windowMetrics`. */
  metricsKeys: string[];
}
