import { type MantineColorScheme, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useEffect } from 'react';

export interface ColorScheme {
  /** What the person chose. `auto` follows the system. */
  chosen: MantineColorScheme;
  choose: (scheme: MantineColorScheme) => void;
}

/** Return the choice of the theme, and keep the colour of the browser's frame like that of the page. */
export function useColorScheme(): ColorScheme {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  useEffect(() => {
    const frame = getComputedStyle(document.body).backgroundColor;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', frame);
  }, [shown]);
  return { chosen: colorScheme, choose: setColorScheme };
}
