/** The size of the model to be trained: chosen on the slider, or by hand with the options of `tinylm train`. */
import { computed, effect, signal } from '@preact/signals';
import type { ChipName, FlashMode } from '../../src/cost/index.js';
import type { Failure, ModelAsk, ModelFlags, PlanFigures, SizeChoice, TrainFlags } from '../../src/web/protocol.js';
import { remember, remembered } from '../state/remember.js';
import { failureOf } from '../state/trouble.js';
import { found } from './text.js';
import { trainer } from './workers.js';

export const chipName = signal<ChipName>((remembered('chip') as ChipName | null) ?? 'esp32c3');
export const flashMode = signal<FlashMode>((remembered('mode') as FlashMode | null) ?? 'qio80');
export const choices = signal<readonly SizeChoice[]>([]);
/** Bytes at the place of the slider; undefined for what `tinylm train` takes where nothing is said. */
export const bytes = signal<number | undefined>(undefined);
/** Options set by hand; undefined while the slider decides. */
export const ownModel = signal<ModelFlags | undefined>(undefined);
export const trainFlags = signal<TrainFlags>({ batch: 32, segment: 64, seed: 1 });
export const planning = signal(false);
export const measuring = signal(false);
export const sizeTrouble = signal<Failure | undefined>(undefined);

export const choice = computed<SizeChoice | undefined>(() => {
  const list = choices.value;
  const wanted = bytes.value;
  if (wanted === undefined) return list.find(({ usual }) => usual) ?? list[0];
  return list.findLast((one) => one.flags.bytes <= wanted) ?? list[0];
});
/** The model that is asked for; undefined until the sizes are known. */
export const modelAsk = computed<ModelAsk | undefined>(() => ownModel.value ?? choice.value?.flags);

const key = computed(() =>
  JSON.stringify([
    found.value?.corpus,
    chipName.value,
    flashMode.value,
    modelAsk.value,
    { ...trainFlags.value, seed: 0 },
  ]),
);
const made = signal<{ readonly of: string; readonly plan: PlanFigures } | undefined>(undefined);
/** What was reckoned for the options as they stand. */
export const plan = computed(() => (made.value?.of === key.value ? made.value.plan : undefined));

/** What the slider chose, as options that can be changed by hand. */
export const handFlags = computed<ModelFlags>(() => {
  if (ownModel.value) return ownModel.value;
  const config = (plan.value ?? choice.value)?.model;
  if (config === undefined) return { tokenizer: 'bpe', vocab: 256 };
  const { vocab, dim, layers, trits, cache, tied } = config;
  const all = Object.values(trits);
  return {
    tokenizer: 'bpe',
    vocab,
    dim,
    hidden: layers[0].width,
    layers: layers.length,
    trits: all.every((n) => n === all[0]) ? all[0] : trits,
    cache,
    tied,
  };
});

let choicesFor = '';
export async function loadChoices(): Promise<void> {
  const corpus = found.value?.corpus;
  if (corpus === undefined) return;
  const ask = { corpus, chip: chipName.value, flashMode: flashMode.value };
  const of = JSON.stringify(ask);
  if (choicesFor === of) return;
  choicesFor = of;
  remember('chip', ask.chip);
  remember('mode', ask.flashMode);
  try {
    const list = await trainer().call('size/choices', ask);
    if (choicesFor === of) choices.value = list;
  } catch (error) {
    choicesFor = '';
    sizeTrouble.value = failureOf(error);
  }
}

let planned = '';
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Reckons what the options cost; `measure` trains for three seconds to know the time. */
export async function reckon(measure = false): Promise<void> {
  const text = found.value;
  const model = modelAsk.value;
  const of = key.value;
  if (text === undefined || model === undefined || (planned === of && !measure)) return;
  planned = of;
  planning.value = true;
  measuring.value = measure;
  try {
    const figures = await trainer().call('train/plan', {
      corpus: text.corpus,
      chip: chipName.value,
      flashMode: flashMode.value,
      model,
      train: trainFlags.value,
      measure,
    });
    if (key.value !== of) return;
    made.value = { of, plan: figures };
    sizeTrouble.value = undefined;
  } catch (error) {
    if (key.value !== of) return;
    sizeTrouble.value = failureOf(error);
  } finally {
    if (key.value === of) planning.value = false;
    if (measure) measuring.value = false;
  }
}

/**
 * Follows the options, a moment after the last change.
 * @param held whether a run holds the trainer: it is not to be kept waiting by what nobody trains now
 */
export function followSize(held: () => boolean): () => void {
  const sizes = effect(() => void loadChoices());
  const figures = effect(() => {
    void key.value;
    clearTimeout(waiting);
    if (!held()) waiting = setTimeout(() => void reckon(), 250);
  });
  return () => {
    sizes();
    figures();
    clearTimeout(waiting);
  };
}
