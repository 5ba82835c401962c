/** True from the first time on: what is loaded when it is needed stays, so that it can close in its own time. */
import { useState } from 'react';

export function useOnce(needed: boolean): boolean {
  const [used, setUsed] = useState(needed);
  if (needed && !used) setUsed(true);
  return used || needed;
}
