/** Light or dark, as the system has it until somebody chooses. */
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';

export function useTheme(): { dark: boolean; toggle: () => void } {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return { dark, toggle: () => setColorScheme(dark ? 'light' : 'dark') };
}
