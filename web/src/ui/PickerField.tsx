/** A field that shows a value, and opens a dialog that sets it. */
import { CloseButton, Input, UnstyledButton } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import { Icon, type IconName } from './icons';
import styles from './PickerField.module.css';

interface Props {
  label: string;
  description?: string;
  icon: IconName;
  /** The value in words. The name of the button contains the words. */
  children: ReactNode;
  /** Empties the field. Undefined for an empty field. */
  clear: { label: string; run: () => void } | undefined;
  /** Return the dialog. `close` returns the focus to the field. */
  picker: (close: () => void) => ReactNode;
}

export function PickerField({ label, description, icon, children, clear, picker }: Props) {
  const id = useId();
  const [opened, setOpened] = useState(false);
  const focus = () => document.getElementById(`${id}-value`)?.focus({ preventScroll: true });
  const close = () => {
    setOpened(false);
    focus();
  };
  return (
    <Input.Wrapper
      id={id}
      label={label}
      labelElement="div"
      labelProps={{ id: `${id}-label` }}
      description={description}
      descriptionProps={{ id: `${id}-description` }}
      inputWrapperOrder={['label', 'input', 'description']}
    >
      <div className={styles.field}>
        <UnstyledButton
          id={`${id}-value`}
          className={styles.button}
          aria-haspopup="dialog"
          aria-labelledby={`${id}-label ${id}-value`}
          {...(description !== undefined && { 'aria-describedby': `${id}-description` })}
          onClick={() => setOpened(true)}
        >
          <Icon name={icon} />
          {children}
        </UnstyledButton>
        {clear && (
          <CloseButton
            size="sm"
            className={styles.clear}
            aria-label={clear.label}
            onClick={() => {
              focus();
              clear.run();
            }}
          />
        )}
      </div>
      {opened && picker(close)}
    </Input.Wrapper>
  );
}

/** What an empty field shows. */
export function EmptyValue({ children }: { children: string }) {
  return <span className={styles.placeholder}>{children}</span>;
}
