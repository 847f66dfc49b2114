/** Labelled controls. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { words } from '../i18n/index.js';

interface Common {
  readonly label: string;
  readonly about?: string | undefined;
}

/** A label, its control and a hint that belongs to the control, not to its name. */
function Field({
  id,
  label,
  about,
  wrong = false,
  children,
}: {
  id: string;
  label: string;
  about?: string | false | undefined;
  wrong?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {about && (
        <small id={`${id}-about`} role={wrong ? 'alert' : undefined} class={wrong ? 'wrong' : undefined}>
          {about}
        </small>
      )}
    </div>
  );
}

export function Choice<T extends string>({
  label,
  about,
  value,
  options,
  onChange,
}: Common & {
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  const id = useId();
  return (
    <Field id={id} label={label} about={about}>
      <select
        id={id}
        value={value}
        aria-describedby={about && `${id}-about`}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function Text({
  label,
  about,
  value,
  placeholder,
  type = 'text',
  invalid,
  onChange,
  autocomplete = 'off',
  maxLength,
}: Common & {
  value: string;
  placeholder?: string;
  type?: 'text' | 'password';
  invalid?: string | undefined;
  onChange: (value: string) => void;
  autocomplete?: string;
  maxLength?: number;
}) {
  const id = useId();
  const said = invalid ?? about;
  return (
    <Field id={id} label={label} about={said} wrong={invalid !== undefined}>
      <input
        {...(type === 'password' ? ({ type: 'password' } as const) : ({ type: 'text' } as const))}
        id={id}
        value={value}
        placeholder={placeholder}
        aria-invalid={invalid !== undefined}
        aria-describedby={said && `${id}-about`}
        spellcheck={false}
        autocomplete={autocomplete}
        maxLength={maxLength}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </Field>
  );
}

const plain = (n: number): string => n.toLocaleString(words.value.locale, { maximumSignificantDigits: 6 });

/** A number, or nothing for what the program chooses. */
export function NumberField({
  label,
  about,
  value,
  min,
  max,
  step = 1,
  range = true,
  placeholder,
  onChange,
}: Common & {
  value: number | undefined;
  min: number;
  max: number;
  range?: boolean;
  step?: number | 'any';
  placeholder?: string;
  onChange: (value: number | undefined) => void;
}) {
  const id = useId();
  const said = [about, range && `${plain(min)} – ${plain(max)}`].filter(Boolean).join('; ');
  return (
    <Field id={id} label={label} about={said}>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        value={value ?? ''}
        min={min}
        max={max}
        step={step}
        placeholder={placeholder}
        aria-describedby={said && `${id}-about`}
        onChange={(event) => {
          const { value: text, validity } = event.currentTarget;
          event.currentTarget.setAttribute('aria-invalid', String(!validity.valid));
          if (text === '' && validity.valid) onChange(undefined);
          else if (validity.valid) onChange(Number(text));
        }}
      />
    </Field>
  );
}

export function Slide({
  label,
  about,
  value,
  min,
  max,
  step,
  text,
  onChange,
}: Common & {
  value: number;
  min: number;
  max: number;
  step: number;
  text: string;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div class="slide">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input
        id={id}
        type="range"
        value={value}
        min={min}
        max={max}
        step={step}
        aria-valuetext={text}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
      {about && <small>{about}</small>}
    </div>
  );
}

export function Tick({
  label,
  value,
  onChange,
}: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
