import { useState } from 'react';

/** Return true from the first render in which `value` is true, and in every render after it. */
export function useLatch(value: boolean): boolean {
  const [latched, setLatched] = useState(value);
  if (value && !latched) setLatched(true);
  return latched || value;
}
