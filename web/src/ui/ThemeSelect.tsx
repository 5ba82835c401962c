/** The choice of the theme: that of the system, light or dark. */
import { IconSelect } from './IconSelect';
import { t } from './messages';
import { THEME_ICONS, themeOptions } from './theme';
import type { ColorScheme } from './useColorScheme';

export function ThemeSelect({ colorScheme: { chosen, choose } }: { colorScheme: ColorScheme }) {
  return (
    <IconSelect
      label={t('theme.name')}
      icon={THEME_ICONS[chosen]}
      value={chosen}
      options={themeOptions()}
      onChange={choose}
    />
  );
}
