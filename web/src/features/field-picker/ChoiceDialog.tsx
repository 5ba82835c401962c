/**
 * A dialog with a text field and the values that match it. Arrow keys and Enter choose, and Esc changes nothing.
 *
 * A text that matches no value can become a new one.
 */
import { Button, Group, Modal, TextInput } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useEscapeKey } from '@/ui/escapeKey';
import { Icon } from '@/ui/icons';
import { t } from '@/ui/messages';
import utilities from '@/ui/utilities.module.css';
import styles from './ChoiceDialog.module.css';
import { type Choice, matchingChoices } from './choices';

export interface ShownChoice extends Choice {
  content: ReactNode;
  /** A text at the end of the line. */
  detail?: string | undefined;
}

interface Props {
  title: string;
  placeholder: string;
  choices: readonly ShownChoice[];
  maxLength: number;
  /** Name the item that makes a new value of the text. Undefined if only the choices can be chosen. */
  nameNew?: (text: string) => string;
  onChoose: (key: string) => void;
  /** Use the text as a new value. Resolves to false if that failed: the text then stays. */
  onNew: (text: string) => Promise<boolean> | boolean;
  /** Save the choices. Undefined if one choice is saved at once. */
  onSave?: () => void;
  problem?: string | undefined;
  footer?: ReactNode;
  onClose: () => void;
}

export function ChoiceDialog(props: Props) {
  useEscapeKey(true, props.onClose);
  return (
    <Modal
      opened
      onClose={props.onClose}
      closeOnEscape={false}
      title={props.title}
      size={420}
      yOffset="12vh"
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
      returnFocus={false}
    >
      <ChoiceForm {...props} />
    </Modal>
  );
}

const NEW = 'new';

function ChoiceForm({ title, placeholder, choices, maxLength, nameNew, onChoose, onNew, onSave, ...props }: Props) {
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState<number>();
  const matching = matchingChoices(choices, text);
  const typed = text.trim();
  const offersNew = nameNew !== undefined && typed !== '' && !choices.some((choice) => choice.text === typed);
  const count = matching.length + (offersNew ? 1 : 0);
  // Enter without a text saves the ticks.
  const current = active ?? (typed === '' && onSave ? -1 : selectedIndex(matching, typed));
  const optionId = (i: number) => `${id}-${i}`;
  const type = (next: string) => {
    setText(next);
    setActive(undefined);
  };
  const choose = async (i: number) => {
    const choice = matching[i];
    if (choice) onChoose(choice.key);
    else if (!offersNew || !(await onNew(typed))) return;
    if (text !== '') type('');
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => setActive(count === 0 ? undefined : (current + 1) % count),
    ArrowUp: () => setActive(count === 0 ? undefined : (Math.max(current, 0) + count - 1) % count),
    Enter: () => (current < 0 ? onSave?.() : void choose(current)),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // React passes events on to the form or the list that has opened the dialog. Only the focus trap needs to see Tab.
    if (event.key !== 'Tab') event.stopPropagation();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return onSave?.();
    const run = event.target instanceof HTMLInputElement && !event.nativeEvent.isComposing && keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };
  return (
    <div onKeyDown={onKeyDown}>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded={count > 0}
        aria-controls={`${id}-list`}
        {...(current >= 0 && current < count ? { 'aria-activedescendant': optionId(current) } : {})}
        aria-autocomplete="list"
        aria-label={placeholder}
        autoComplete="off"
        placeholder={placeholder}
        maxLength={maxLength}
        value={text}
        error={props.problem}
        onChange={(event) => type(event.currentTarget.value)}
      />
      <div
        id={`${id}-list`}
        {...(count > 0 ? { role: 'listbox' } : {})}
        aria-label={title}
        aria-multiselectable={!!onSave}
        className={styles.list}
      >
        {matching.map((choice, i) => (
          <Option
            key={choice.key}
            id={optionId(i)}
            choice={choice}
            active={i === current}
            onClick={() => void choose(i)}
          />
        ))}
        {offersNew && (
          <Option
            key={NEW}
            id={optionId(matching.length)}
            choice={{ selected: false, content: nameNew(typed) }}
            icon="plus"
            active={matching.length === current}
            onClick={() => void choose(matching.length)}
          />
        )}
      </div>
      {count === 0 && <p className={styles.empty}>{nameNew ? t('picker.typeNew') : t('commands.nothingFound')}</p>}
      <Group justify="space-between" gap="xs" mt="sm">
        <div>{props.footer}</div>
        {onSave && (
          <Button size="xs" onClick={onSave}>
            {t('picker.save')}
          </Button>
        )}
      </Group>
    </div>
  );
}

/** Return the item that Enter chooses: the present value, or the first match of a text. */
function selectedIndex(matching: readonly Choice[], text: string): number {
  return text === ''
    ? Math.max(
        0,
        matching.findIndex(({ selected }) => selected),
      )
    : 0;
}

interface OptionProps {
  id: string;
  choice: Pick<ShownChoice, 'selected' | 'content' | 'detail'>;
  icon?: 'plus';
  active: boolean;
  onClick: () => void;
}

function Option({ id, choice: { selected, content, detail }, icon, active, onClick }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) ref.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div
      ref={ref}
      id={id}
      role="option"
      aria-selected={selected === true}
      data-active={active}
      className={styles.option}
      // The text field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onClick}
    >
      <span className={styles.mark}>
        {icon && <Icon name={icon} />}
        {selected === true && <Icon name="check" />}
        {selected === 'mixed' && <span className={styles.some} />}
      </span>
      <span className={styles.content} dir="auto">
        {content}
      </span>
      {detail !== undefined && <span className={styles.detail}>{detail}</span>}
      {selected === 'mixed' && <span className={utilities.visuallyHidden}>{t('picker.some')}</span>}
    </div>
  );
}
