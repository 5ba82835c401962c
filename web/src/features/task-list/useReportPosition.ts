import { useEffect } from 'react';
import type { ListPosition } from './gridHandle';
import { totalOf } from './listAnchor';
import type { SetView, View } from './taskView';
import type { ListAnchor } from './useListAnchor';
import type { Virtualizer } from './useScaledVirtualizer';

interface Options {
  view: View;
  setView: SetView;
  list: ListAnchor;
  virtualizer: Virtualizer;
  counted: boolean;
  onPositionChange: (position: ListPosition) => void;
}

/** Report the position of the list to the page, and write it into the URL when the scrolling rests. */
export function useReportPosition({ view, setView, list, virtualizer, counted, onPositionChange }: Options): void {
  const { extent, metricsKeys } = list;
  const { top, idle } = virtualizer;
  useEffect(() => {
    onPositionChange({
      row: top,
      total: extent.total,
      found: totalOf(extent),
      counted: counted && extent.known,
      metricsKeys: [...metricsKeys.values()],
    });
  }, [onPositionChange, top, extent, counted, metricsKeys]);
  useEffect(() => {
    if (idle && extent.known && view.row !== top + 1) void setView({ row: top + 1 });
  }, [idle, top, extent.known, view.row, setView]);
}
