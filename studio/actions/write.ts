/** Texts that are written in the step Try: one for each of the two sides, token by token. */
import { computed, effect, signal, untracked } from '@preact/signals';
import type { Failure, GeneratedText, GeneratedToken, SamplingFlags } from '../../src/web/protocol.js';
import { SAMPLER } from '../../src/format/constants.js';
import { failureOf } from '../state/trouble.js';
import { model } from './models.js';
import { engine } from './workers.js';

export const prompt = signal('');
/** As `tinylm generate` has it where nothing is said. */
export const USUAL_SAMPLING = {
  temperature: SAMPLER.temperatureDefault / SAMPLER.temperatureOne,
  topK: SAMPLER.topKDefault,
  topP: 1,
  repetitionPenalty: 1,
  seed: 1,
  maxTokens: 256,
  stop: '',
} as const;
export type SamplingChoice = Required<Omit<SamplingFlags, 'penaltyWindow'>> & Pick<SamplingFlags, 'penaltyWindow'>;
export const sampling = signal<SamplingChoice>(USUAL_SAMPLING);

/** What a model is best sampled with, by its own file; else the usual. */
export function usualSampling(): void {
  sampling.value = { ...USUAL_SAMPLING, ...model.value?.info.sampling };
}
let sampledFor: string | undefined;
effect(() => {
  const id = model.value?.model;
  if (id !== sampledFor) untracked(usualSampling);
  sampledFor = id;
});
export const shaded = signal(false);

/** One side: what it has written and which token is looked at. */
export class Side {
  readonly tokens = signal<readonly GeneratedToken[]>([]);
  /** What the text went on from. */
  readonly begun = signal<string | undefined>(undefined);
  readonly end = signal<GeneratedText | undefined>(undefined);
  readonly trouble = signal<Failure | undefined>(undefined);
  readonly writing = signal(false);
  readonly looked = signal<number | undefined>(undefined);
  #stop: AbortController | undefined;

  /** Writes on from a prompt; what was being written ends. */
  async write(model: string, from: string, how: SamplingFlags): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.tokens.value = [];
    this.begun.value = from;
    this.end.value = this.trouble.value = this.looked.value = undefined;
    this.writing.value = true;
    try {
      const end = await engine().call(
        'engine/generate',
        { model, prompt: from, sampling: how },
        {
          signal: stop.signal,
          onEvent: ({ tokens }) => {
            if (this.#stop === stop) this.tokens.value = [...this.tokens.value, ...tokens];
          },
        },
      );
      if (this.#stop === stop) this.end.value = end;
    } catch (error) {
      if (this.#stop === stop) this.trouble.value = failureOf(error);
    } finally {
      if (this.#stop === stop) this.writing.value = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  /** Looks at a token: what was thought there is shown. */
  look(at: number): void {
    this.looked.value = at;
    lookedAt.value = this;
  }

  clear(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.tokens.value = [];
    this.begun.value = this.end.value = this.trouble.value = this.looked.value = undefined;
    this.writing.value = false;
  }
}

/** The side whose token was looked at last. */
export const lookedAt = signal<Side | undefined>(undefined);
export const sides = [new Side(), new Side()] as const;
export const writing = computed(() => sides.some((side) => side.writing.value));
