import { useMediaQuery } from '@mantine/hooks';

/** Return the height of a row in pixels: one line on a desktop, two on a phone. TaskRow.module.css has the same values. */
export function useRowHeight(): number {
  return useMediaQuery('(max-width: 40em)', false) ? 60 : 36;
}
