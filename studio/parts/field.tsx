/** Labelled controls. */
import { useId } from 'preact/hooks';
import { words } from '../i18n/index.js';

interface Common {
  readonly label: string;
  readonly about?: string | undefined;
}

export function Choice<T extends string>({ label, about, value, options, onChange }: Common & {
  value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void;
}) {
  return (
    <label class="field">
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
      {about && <small>{about}</small>}
    </label>
  );
}

export function Text({ label, about, value, placeholder, type = 'text', invalid, onChange, autocomplete = 'off', maxLength }: Common & {
  value: string; placeholder?: string; type?: 'text' | 'password'; invalid?: string | undefined; onChange: (value: string) => void; autocomplete?: string;
  maxLength?: number;
}) {
  const id = useId();
  return (
    <label class="field">
      {label}
      <input {...(type === 'password' ? { type: 'password' } as const : { type: 'text' } as const)} value={value} placeholder={placeholder} aria-invalid={invalid !== undefined} aria-describedby={invalid ? id : undefined} spellcheck={false}
        autocomplete={autocomplete} maxLength={maxLength} onInput={(event) => onChange(event.currentTarget.value)} />
      {invalid ? <small id={id} role="alert">{invalid}</small> : about && <small>{about}</small>}
    </label>
  );
}

const plain = (n: number): string => n.toLocaleString(words.value.locale, { maximumSignificantDigits: 6 });

/** A number, or nothing for what the program chooses. */
export function NumberField({ label, about, value, min, max, step = 1, range = true, placeholder, onChange }: Common & {
  value: number | undefined; min: number; max: number; range?: boolean; step?: number | 'any'; placeholder?: string; onChange: (value: number | undefined) => void;
}) {
  return (
    <label class="field">
      {label}
      <input type="number" inputMode="decimal" value={value ?? ''} min={min} max={max} step={step} placeholder={placeholder}
        onChange={(event) => {
          const { value: text, validity } = event.currentTarget;
          event.currentTarget.setAttribute('aria-invalid', String(!validity.valid));
          if (text === '' && validity.valid) onChange(undefined);
          else if (validity.valid) onChange(Number(text));
        }} />
      <small>{[about, range && `${plain(min)} – ${plain(max)}`].filter(Boolean).join('; ')}</small>
    </label>
  );
}

export function Slide({ label, about, value, min, max, step, text, onChange }: Common & {
  value: number; min: number; max: number; step: number; text: string; onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div class="slide">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input id={id} type="range" value={value} min={min} max={max} step={step} aria-valuetext={text} onInput={(event) => onChange(Number(event.currentTarget.value))} />
      {about && <small>{about}</small>}
    </div>
  );
}

export function Tick({ label, value, onChange }: { label: string; value: boolean; onChange: (value: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
