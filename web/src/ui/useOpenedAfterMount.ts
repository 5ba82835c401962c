import { useEffect, useState } from 'react';

/**
 * Return false in the first frame, and `opened` afterwards.
 *
 * A lazily loaded dialog mounts already opened. Mantine remembers the focused element only when a dialog changes from
 * closed to opened, so without this frame the focus would not return to that element.
 */
export function useOpenedAfterMount(opened: boolean): boolean {
  const [mounted, setMounted] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setMounted(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return mounted && opened;
}
