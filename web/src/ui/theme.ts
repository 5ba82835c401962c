import { createTheme, type MantineColorScheme, type MantineColorsTuple } from '@mantine/core';
import type { IconName } from './icons';
import { t } from './messages';

const indigo: MantineColorsTuple = [
  '#eef0fd',
  '#dcdff9',
  '#bac0f2',
  '#9aa2ec',
  '#7f89e6',
  '#6b76e0',
  '#5560d3',
  '#4a54be',
  '#3d469f',
  '#2f377f',
];

const dark: MantineColorsTuple = [
  '#e8e8ea',
  '#b9bbc1',
  '#9b9ea6',
  '#6d7079',
  '#3a3b41',
  '#303137',
  '#232428',
  '#18191c',
  '#131416',
  '#0e0f10',
];

export const THEME_ICONS: Record<MantineColorScheme, IconName> = { auto: 'contrast', light: 'sun', dark: 'moon' };

export function themeOptions(): { value: MantineColorScheme; label: string }[] {
  return [
    { value: 'auto', label: t('theme.system') },
    { value: 'light', label: t('theme.light') },
    { value: 'dark', label: t('theme.dark') },
  ];
}

/** A dense theme. Text colours have enough contrast for WCAG AA. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 6,
  autoContrast: true,
  colors: { indigo, dark },
  defaultRadius: 6,
  fontFamily: 'var(--font-inter), system-ui, sans-serif',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { fontFamily: 'var(--font-inter), system-ui, sans-serif', fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // The text of a field decides its direction. Mantine sets a plain `dir` on the frame around the field.
    Input: { defaultProps: { attributes: { input: { dir: 'auto' } } } },
    // The list scrolls, not the page: a lock of the page's scroll bar would only cost a new layout of every element.
    Drawer: { defaultProps: { lockScroll: false } },
    Modal: {
      defaultProps: { lockScroll: false, overlayProps: { backgroundOpacity: 0.35 } },
      styles: { title: { fontWeight: 600 } },
    },
  },
});
