/** One line on a desk, two on a phone. */
import { useMediaQuery } from '@mantine/hooks';

export function useRowHeight(): number {
  return useMediaQuery('(max-width: 40em)', false) ? 60 : 36;
}
