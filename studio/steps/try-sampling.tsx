/** How the next token is drawn. */
import { STOP_MAX } from '../../src/engine/index.js';
import { count, decimal, words } from '../i18n/index.js';
import { NumberField, Slide, Text } from '../parts/field.js';
import { sampling, USUAL_SAMPLING, usualSampling, type SamplingChoice } from '../actions/write.js';

export function Sampling() {
  const w = words.value.try;
  const s = sampling.value;
  /** The engine has a window of its own for a penalty. */
  const set = (change: { [K in keyof SamplingChoice]?: SamplingChoice[K] | undefined }): void => {
    const { penaltyWindow, ...all } = { ...sampling.value, ...change };
    sampling.value = { ...all, ...(penaltyWindow !== undefined && { penaltyWindow }) } as SamplingChoice;
  };
  const long = new TextEncoder().encode(s.stop).length > STOP_MAX;
  return (
    <details class="card" open>
      <summary>{w.settings}</summary>
      <div class="stack">
        <div class="fields wide">
          <Slide
            label={w.temperature}
            about={w.temperatureAbout}
            value={s.temperature}
            min={0}
            max={2}
            step={0.05}
            text={decimal(s.temperature, 2)}
            onChange={(t) => set({ temperature: Math.round(100 * t) / 100 })}
          />
          <Slide
            label={w.topK}
            about={w.topKAbout}
            value={s.topK}
            min={0}
            max={100}
            step={1}
            text={count(s.topK)}
            onChange={(topK) => set({ topK })}
          />
          <Slide
            label={w.topP}
            value={s.topP}
            min={0.05}
            max={1}
            step={0.05}
            text={decimal(s.topP, 2)}
            onChange={(p) => set({ topP: Math.round(100 * p) / 100 })}
          />
          <Slide
            label={w.penalty}
            value={s.repetitionPenalty}
            min={1}
            max={2}
            step={0.05}
            text={decimal(s.repetitionPenalty, 2)}
            onChange={(p) => set({ repetitionPenalty: Math.round(100 * p) / 100, penaltyWindow: undefined })}
          />
        </div>
        <div class="fields">
          <NumberField
            label={w.seed}
            about={w.seedAbout}
            value={s.seed}
            min={0}
            max={2 ** 32 - 1}
            range={false}
            onChange={(seed) => set({ seed: seed ?? 1 })}
          />
          <NumberField
            label={w.length}
            value={s.maxTokens}
            min={1}
            max={4096}
            onChange={(maxTokens) => set({ maxTokens: maxTokens ?? USUAL_SAMPLING.maxTokens })}
          />
        </div>
        <Text
          label={w.stopText}
          value={s.stop}
          onChange={(stop) => set({ stop })}
          invalid={long ? words.value.size.invalid(s.stop, `≤ ${STOP_MAX} ${words.value.units.bytes}`) : undefined}
        />
        <button type="button" class="quiet" onClick={usualSampling}>
          {w.reset}
        </button>
      </div>
    </details>
  );
}
