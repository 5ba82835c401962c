import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';

const ONE_LINE_REM = 2.25;
const TWO_LINES_REM = 3.75;

/** Return the height of a row in pixels: one line on a desktop, two on a phone, in the font size of the browser. */
export function useRowHeight(): number {
  // The list is never rendered on a server, so the first render can have the right height.
  const narrow = useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false });
  const [rem] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  return Math.round((narrow ? TWO_LINES_REM : ONE_LINE_REM) * rem);
}
