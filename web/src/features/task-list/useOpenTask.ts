/** The open task follows the active row, and the active row follows the open task. */
import { useCallback, useEffect, useRef } from 'react';
import type { SetView } from './taskView';
import type { ListAnchor } from './useListAnchor';

interface Options {
  openId: string | null;
  activeId: string | undefined;
  setView: SetView;
  list: ListAnchor;
}

export interface OpenTask {
  open: (id: string) => void;
  close: () => void;
  /** Show the active task in the panel as soon as it is loaded, if the panel is open. */
  followActiveRow: () => void;
}

export function useOpenTask({ openId, activeId, setView, list }: Options): OpenTask {
  const following = useRef(false);
  const isOpen = openId !== null;
  const { rows, extent, activeRow, setActiveRow } = list;
  // Going from task to task is one step of the browser's history.
  const open = useCallback(
    (id: string) => void setView({ task: id }, { history: isOpen ? 'replace' : 'push' }),
    [setView, isOpen],
  );
  const close = useCallback(() => void setView({ task: null }), [setView]);
  const followActiveRow = useCallback(() => {
    following.current = isOpen;
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) following.current = false;
    if (!following.current || activeId === undefined || activeId === openId) return;
    following.current = false;
    open(activeId);
  });
  // A task that was opened by its address becomes the active one when its row is loaded.
  useEffect(() => {
    const row = openId === null ? undefined : rows.rowOf(openId);
    if (row !== undefined && row !== activeRow && !following.current) setActiveRow(row);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a move of the active row must not be taken back
  }, [openId, extent.known, rows, setActiveRow]);
  return { open, close, followActiveRow };
}
