import { t } from '@/ui/messages';

const NAMES: Record<string, (() => string) | undefined> = {
  click: () => t('keys.click'),
  Ctrl: () => t('keys.ctrl'),
  Del: () => t('keys.delete'),
  End: () => t('keys.end'),
  Enter: () => t('keys.enter'),
  Home: () => t('keys.home'),
  Page: () => t('keys.page'),
  Shift: () => t('keys.shift'),
  Space: () => t('keys.space'),
};

/** Return the name of a shortcut with the keys of the language: for `Ctrl+Z`, "Ctrl Z" or "Strg Z". */
export function keyName(keys: string): string {
  return keys
    .split('+')
    .map((key) => NAMES[key]?.() ?? key)
    .join(' ');
}
