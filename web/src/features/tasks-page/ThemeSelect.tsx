/** The choice of the theme: that of the system, light or dark. */
import { IconSelect } from '@/ui/IconSelect';
import { t } from '@/ui/messages';
import { THEME_ICONS, themeOptions } from '@/ui/theme';
import type { ColorScheme } from '@/ui/useColorScheme';

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
