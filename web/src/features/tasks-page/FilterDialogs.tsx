/** The filter menu, and the dialog that chooses a list, an assignee or a label. */
import type { RefObject } from 'react';
import type { ValueCondition } from '@/features/filters/conditions';
import type { GridHandle } from '@/features/task-list/gridHandle';
import type { View } from '@/features/task-list/taskView';
import { useLatch } from '@/ui/useLatch';
import { FilterMenu, FilterValuePicker } from './parts';
import type { Filter } from './useFilter';

interface Props {
  view: View;
  filter: Filter;
  menuOpened: boolean;
  /** The condition whose value is being chosen. */
  picked: ValueCondition | undefined;
  onPick: (name: ValueCondition | undefined) => void;
  onCloseMenu: () => void;
  grid: RefObject<GridHandle | null>;
}

export function FilterDialogs({ view, filter, menuOpened, picked, onPick, onCloseMenu, grid }: Props) {
  const menuNeeded = useLatch(menuOpened);
  const props = { conditions: filter.conditions, status: view.status, onChange: filter.choose };
  const focusGrid = () => grid.current?.focus();
  const pickValue = (name: ValueCondition) => {
    onCloseMenu();
    onPick(name);
  };
  const closePicker = () => {
    onPick(undefined);
    focusGrid();
  };
  return (
    <>
      {menuNeeded && (
        <FilterMenu
          {...props}
          opened={menuOpened}
          searching={view.q !== ''}
          onPickValue={pickValue}
          onClose={onCloseMenu}
          onFocusLost={focusGrid}
        />
      )}
      {picked && <FilterValuePicker {...props} name={picked} onClose={closePicker} />}
    </>
  );
}
