/** The size of the model to be trained: chosen on the slider, or by hand with the options of `tinylm train`. */
import { computed, effect, signal } from '@preact/signals';
import type { ChipName, FlashMode } from '../../src/cost/index.js';
import type { Failure, ModelFlags, PlanFigures, SizeChoice, TrainFlags } from '../../src/web/protocol.js';
import { remember, remembered } from '../state/remember.js';
import { failureOf } from '../state/trouble.js';
import { found } from './text.js';
import { trainer } from './workers.js';

export const chipName = signal<ChipName>((remembered('chip') as ChipName | null) ?? 'esp32c3');
export const flashMode = signal<FlashMode>((remembered('mode') as FlashMode | null) ?? 'qio80');
export const choices = signal<readonly SizeChoice[]>([]);
/** Place on the slider. */
export const place = signal<number | undefined>(undefined);
/** Options set by hand; undefined while the slider decides. */
export const ownModel = signal<ModelFlags | undefined>(undefined);
export const trainFlags = signal<TrainFlags>({ batch: 32, segment: 64, seed: 1 });
export const plan = signal<PlanFigures | undefined>(undefined);
export const planning = signal(false);
export const measuring = signal(false);
/** Tokens a second that training made here, for the sizes that were tried. */
export const sizeTrouble = signal<Failure | undefined>(undefined);

/** What the CLI takes where nothing is said. */
export const USUAL: ModelFlags = { tokenizer: 'bpe', vocab: 256 };
/** Where the slider begins: about the size of the CLI's default. */
const FIRST_BYTES = 12_500;

export const choice = computed<SizeChoice | undefined>(() => {
  const list = choices.value;
  if (list.length === 0) return undefined;
  const first = Math.max(
    0,
    list.findLastIndex(({ flashBytes }) => flashBytes <= FIRST_BYTES),
  );
  return list[Math.min(place.value ?? first, list.length - 1)];
});
export const modelFlags = computed<ModelFlags>(() => ownModel.value ?? choice.value?.flags ?? USUAL);

let choicesFor = '';
export async function loadChoices(): Promise<void> {
  const ask = { chip: chipName.value, flashMode: flashMode.value };
  const key = JSON.stringify(ask);
  if (choicesFor === key) return;
  choicesFor = key;
  remember('chip', ask.chip);
  remember('mode', ask.flashMode);
  try {
    const list = await trainer().call('size/choices', ask);
    if (choicesFor === key) choices.value = list;
  } catch (error) {
    choicesFor = '';
    sizeTrouble.value = failureOf(error);
  }
}

const key = computed(() =>
  JSON.stringify([
    found.value?.corpus,
    chipName.value,
    flashMode.value,
    modelFlags.value,
    { ...trainFlags.value, seed: 0 },
  ]),
);
let planned = '';
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Reckons what the options cost; `measure` trains for three seconds to know the time. */
export async function reckon(measure = false): Promise<void> {
  const text = found.value;
  const of = key.value;
  if (text === undefined || (planned === of && !measure)) return;
  planned = of;
  planning.value = true;
  measuring.value = measure;
  try {
    const made = await trainer().call('train/plan', {
      corpus: text.corpus,
      chip: chipName.value,
      flashMode: flashMode.value,
      model: modelFlags.value,
      train: trainFlags.value,
      measure,
    });
    if (key.value !== of) return;
    plan.value = made;
    sizeTrouble.value = undefined;
  } catch (error) {
    if (key.value !== of) return;
    sizeTrouble.value = failureOf(error);
  } finally {
    if (key.value === of) planning.value = false;
    if (measure) measuring.value = false;
  }
}

/** Follows the options, a moment after the last change. */
export function followSize(): () => void {
  void loadChoices();
  return effect(() => {
    void key.value;
    clearTimeout(waiting);
    waiting = setTimeout(() => void reckon(), 250);
  });
}
