import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';

export interface ColorScheme {
  dark: boolean;
  toggle: () => void;
}

/** Return the active colour scheme: the system's scheme until the person chooses one. */
export function useColorScheme(): ColorScheme {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return { dark, toggle: () => setColorScheme(dark ? 'light' : 'dark') };
}
