/** A choice behind an icon. The browser draws the list of choices, so it works by touch and by keyboard. */
import { Icon, type IconName } from './icons';
import styles from './IconSelect.module.css';

interface Props<T extends string> {
  label: string;
  icon: IconName;
  value: T;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
}

export function IconSelect<T extends string>({ label, icon, value, options, onChange }: Props<T>) {
  return (
    <span className={styles.box} title={label}>
      <Icon name={icon} />
      <select
        aria-label={label}
        className={styles.select}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}
