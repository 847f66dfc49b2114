/** The page around the steps. */
import { useEffect } from 'preact/hooks';
import { count, lang, setLang, words, type Lang } from './i18n/index.js';
import { Icon, Lock, MemoryStick, RefreshCw } from './parts/icon.js';
import { Stepper } from './parts/stepper.js';
import { step } from './state/store.js';
import { setTheme, theme, type Theme } from './state/theme.js';
import { ChipStep } from './steps/chip.js';
import { SizeStep } from './steps/size.js';
import { TextStep } from './steps/text.js';
import { TrainStep } from './steps/train.js';
import { TryStep } from './steps/try.js';
import { about, offline } from './actions/here.js';

const SHOWN = { text: TextStep, size: SizeStep, train: TrainStep, try: TryStep, chip: ChipStep } as const;

export function App() {
  const w = words.value;
  const Shown = SHOWN[step.value];
  useEffect(() => {
    document.documentElement.lang = w.lang;
    document.title = `${w.steps[step.value]} · ${w.title}`;
  }, [w, step.value]);
  return (
    <div class="page">
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        {w.skip}
      </button>
      <header class="top">
        <span class="brand">
          <img src="./icon.svg" alt="" width={30} height={30} />
          {w.title}
        </span>
        <div class="switches">
          <select
            aria-label={w.language}
            value={lang.value}
            onChange={(event) => setLang(event.currentTarget.value as Lang)}
          >
            <option value="en" lang="en">
              English
            </option>
            <option value="pt" lang="pt-BR">
              Português
            </option>
          </select>
          <select
            aria-label={w.theme.label}
            value={theme.value}
            onChange={(event) => setTheme(event.currentTarget.value as Theme)}
          >
            {(['system', 'light', 'dark'] as const).map((name) => (
              <option key={name} value={name}>
                {w.theme[name]}
              </option>
            ))}
          </select>
        </div>
      </header>
      <Stepper />
      <main id="main" tabIndex={-1}>
        <Shown />
      </main>
      <Foot />
    </div>
  );
}

function Foot() {
  const w = words.value.here;
  const here = about.value;
  return (
    <footer class="foot">
      <ul>
        <li>
          <Icon of={Lock} size={15} />
          {w.privacy}
        </li>
        {here && (
          <li>
            <Icon of={RefreshCw} size={15} />
            {here.threads > 1 ? w.threads(count(here.threads)) : w.oneThread}
          </li>
        )}
        {here && (
          <li>
            <Icon of={MemoryStick} size={15} />
            {here.store === 'opfs' ? w.disk : w.memory}
          </li>
        )}
        {offline.value && <li>{w.offline}</li>}
        {here && <li>{w.version(here.version)}</li>}
      </ul>
    </footer>
  );
}
