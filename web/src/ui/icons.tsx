/** Line icons in the colour of the surrounding text. */

export const ICON_BOX = { width: 16, height: 16, viewBox: '0 0 16 16', fill: 'none', 'aria-hidden': true } as const;
const STROKE = { stroke: 'currentColor', strokeWidth: 1.5, strokeLinecap: 'round', strokeLinejoin: 'round' } as const;

export type IconName =
  | 'plus'
  | 'search'
  | 'filter'
  | 'pencil'
  | 'close'
  | 'sun'
  | 'moon'
  | 'contrast'
  | 'sort'
  | 'more'
  | 'help'
  | 'command'
  | 'gauge'
  | 'trash'
  | 'check'
  | 'arrowUp'
  | 'clock'
  | 'calendar'
  | 'folder'
  | 'tag'
  | 'archive'
  | 'code'
  | 'undo'
  | 'redo'
  | 'link'
  | 'globe'
  | 'list'
  | 'sidebar'
  | 'print'
  | 'user'
  | 'key';

const PATHS: Record<IconName, string> = {
  plus: 'M8 3v10M3 8h10',
  search: 'M7 12A5 5 0 107 2a5 5 0 000 10zM10.8 10.8L14 14',
  filter: 'M2 4h12M4.5 8h7M6.5 12h3',
  pencil: 'M10.5 3.2l2.3 2.3M3 13l.6-2.9 7.2-7.2a1.2 1.2 0 011.7 0l.6.6a1.2 1.2 0 010 1.7L5.9 12.4z',
  close: 'M4 4l8 8M12 4l-8 8',
  sun: 'M8 10.8a2.8 2.8 0 100-5.6 2.8 2.8 0 000 5.6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7',
  moon: 'M13.5 9.6A5.8 5.8 0 016.4 2.5a5.8 5.8 0 107.1 7.1z',
  contrast: 'M8 14A6 6 0 108 2a6 6 0 000 12zM8 2.5v11M8 5l3.5-1M8 8h5.5M8 11l3.5 1',
  sort: 'M5 3v10M2.5 10.5L5 13l2.5-2.5M11 13V3M8.5 5.5L11 3l2.5 2.5',
  more: 'M3 8.3a.3.3 0 100-.6.3.3 0 000 .6zM8 8.3a.3.3 0 100-.6.3.3 0 000 .6zM13 8.3a.3.3 0 100-.6.3.3 0 000 .6z',
  help: 'M6 6a2 2 0 113 1.7c-.7.4-1 .8-1 1.6M8 11.6v.1M8 14.5a6.5 6.5 0 100-13 6.5 6.5 0 000 13z',
  command:
    'M5.5 5.5h5v5h-5zM5.5 5.5V4A1.5 1.5 0 104 5.5zM10.5 5.5V4A1.5 1.5 0 1112 5.5zM5.5 10.5V12A1.5 1.5 0 114 10.5zM10.5 10.5V12a1.5 1.5 0 101.5-1.5z',
  gauge: 'M2 11.5a6 6 0 1112 0M8 11.5l2.8-3.6',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9',
  check: 'M3.5 8.5l3 3 6-7',
  arrowUp: 'M8 13V3M4 7l4-4 4 4',
  clock: 'M8 14A6 6 0 108 2a6 6 0 000 12zM8 5v3l2 1.5',
  calendar: 'M3 4h10v9.5H3zM3 7h10M5.5 2.2V5M10.5 2.2V5',
  folder: 'M2.2 4.2h4l1.3 1.6h6.3v7H2.2z',
  tag: 'M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.2v.1',
  archive: 'M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 9h3',
  code: 'M5 5L2 8l3 3M11 5l3 3-3 3M9.2 3.5l-2.4 9',
  undo: 'M5.5 3L2.5 6l3 3M3 6h6.5a3.5 3.5 0 010 7H6',
  redo: 'M10.5 3l3 3-3 3M13 6H6.5a3.5 3.5 0 000 7H10',
  link: 'M6.6 9.4a2.8 2.8 0 004 0l2-2a2.83 2.83 0 00-4-4l-.9.9M9.4 6.6a2.8 2.8 0 00-4 0l-2 2a2.83 2.83 0 004 4l.9-.9',
  globe: 'M8 14A6 6 0 108 2a6 6 0 000 12zM2 8h12M8 2C4.7 5.5 4.7 10.5 8 14M8 2c3.3 3.5 3.3 8.5 0 12',
  list: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  sidebar: 'M2.5 3h11v10h-11zM6.5 3v10',
  user: 'M8 8a2.8 2.8 0 100-5.6A2.8 2.8 0 008 8zM2.8 13.6a5.2 5.2 0 0110.4 0',
  key: 'M10.2 8.8a3.2 3.2 0 10-3-3L2 11v3h3v-2h2v-1.8z',
  print: 'M4.5 6V2.5h7V6M4.5 11.5H3V6h10v5.5h-1.5M4.5 9.5h7v4h-7z',
};

export function Icon({ name }: { name: IconName }) {
  return (
    <svg {...ICON_BOX}>
      <path d={PATHS[name]} {...STROKE} />
    </svg>
  );
}
