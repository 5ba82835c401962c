/** False at first: a dialog that is loaded when it is needed must see itself open, to know where the focus goes back to. */
import { useEffect, useState } from 'react';

export function useOpened(opened: boolean): boolean {
  const [mounted, setMounted] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setMounted(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return mounted && opened;
}
