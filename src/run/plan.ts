/** How long a run is to be: epochs or minutes become a number of steps. */
import { DEFAULT_THRESHOLD } from '../quantize/index.js';
import {
  fitBatch,
  stepsPerEpoch,
  TRAIN_THRESHOLD,
  trainDefaults,
  TrainingRun,
  type Optimizer,
  type TrainData,
  type TrainerKernels,
  type TrainOptions,
} from '../train/index.js';
import { TinyLMError, type ModelConfig } from '../model/index.js';

export interface TrainFlags {
  float?: boolean;
  threshold?: number;
  epochs?: number;
  steps?: number;
  minutes?: number;
  batch: number;
  segment: number;
  lr?: number;
  /** Numbers of the cache that stay as they are; else they are learned. */
  cacheBias?: readonly number[];
  optimizer?: Optimizer;
  seed: number;
  threads?: number;
}

/**
 * The length of a run where nobody says: so many times through the text, but not fewer steps or tokens than a small text needs to be learned, and
 * not more than are worth waiting for. A run that stops getting better ends before (plateau.ts).
 */
export const USUAL_LENGTH = { epochs: 60, stepsMin: 2000, tokensMin: 800_000, stepsMax: 20_000 } as const;
/** Evaluations in a run: one every `1 / EVALUATIONS` of it. */
const EVALUATIONS = 24;
/**
 * Share of the time that training itself gets; evaluations, samples and the first steps of a cold start take the
 * rest.
 */
const TRAINING_SHARE = 0.92;
/** How long the speed is measured, in progress events (about one a second): of a short time, only once. */
const trialEvents = (minutes: number): number => (minutes < 0.2 ? 1 : 3);

/** Highest learning rate of a run that goes on from another model, as a share of the usual one. */
const AGAIN_RATE = 0.3;

/**
 * The options of a run, without its length. A batch that is too large for the corpus is made smaller.
 * @param again of a run that goes on from another model: how that one's weights are used; `adapts`: they have never been ternary
 */
export function planOptions(
  model: ModelConfig,
  flags: TrainFlags,
  data: TrainData,
  again?: { readonly embedFrac?: number; readonly threshold?: number; readonly adapts: boolean },
): TrainOptions {
  if (flags.cacheBias !== undefined && model.cache === 0)
    throw new TinyLMError(
      'train-cache-bias',
      'the model has no cache of recent text, and --cache-bias has numbers for one',
      'give it one with --cache 256, or leave --cache-bias out',
    );
  const { lanes, segment } = fitBatch(data.train, flags.batch, flags.segment);
  const usual = trainDefaults({
    model,
    ternary: flags.float !== true,
    threshold: flags.threshold ?? again?.threshold ?? (flags.float ? DEFAULT_THRESHOLD : TRAIN_THRESHOLD),
    lanes,
    segment,
    seed: flags.seed,
    ...(flags.cacheBias !== undefined && { cacheBias: flags.cacheBias }),
    // floats of a sweep beside ternary weights: Muon is for these
    ...(flags.optimizer !== undefined && flags.float !== true && { optimizer: flags.optimizer }),
    ...(again?.embedFrac !== undefined && { embedFrac: again.embedFrac }),
  });
  const share = again === undefined || again.adapts ? 1 : AGAIN_RATE;
  return { ...usual, learningRate: flags.lr ?? share * usual.learningRate };
}

/** The options with the usual length for this text. */
export function planUsual(options: TrainOptions, data: TrainData): TrainOptions {
  const { epochs, stepsMin, tokensMin, stepsMax } = USUAL_LENGTH;
  const wanted = Math.round(stepsPerEpoch(data.train, options.lanes, options.segment) * epochs);
  return withSteps(
    options,
    Math.min(stepsMax, Math.max(stepsMin, Math.ceil(tokensMin / options.lanes / options.segment), wanted)),
  );
}

/** The options with their length: so many steps. */
export const planSteps = (options: TrainOptions, steps: number): TrainOptions => withSteps(options, steps);

/** The options with their length: so many times through the corpus. */
export function planEpochs(options: TrainOptions, data: TrainData, epochs: number): TrainOptions {
  const perEpoch = stepsPerEpoch(data.train, options.lanes, options.segment);
  return withSteps(options, Math.max(1, Math.round(perEpoch * epochs)));
}

/**
 * The options with a length that takes about so long on this machine now, found by training for a few seconds. The
 * number of steps follows the real speed later (time-limit.ts).
 */
export async function planMinutes(
  options: TrainOptions,
  data: TrainData,
  minutes: number,
  setup: { kernels: TrainerKernels; threads: number },
): Promise<TrainOptions> {
  const events = trialEvents(minutes);
  const speed = await measureSpeed(options, data, setup, events);
  const seconds = Math.max(minutes * 60 - events, 1) * TRAINING_SHARE;
  return withSteps(options, Math.max(1, Math.round((speed * seconds) / options.lanes / options.segment)));
}

/**
 * Tokens a second that training makes here.
 * @param events how long: so many progress events, about one a second
 */
export async function measureSpeed(
  options: TrainOptions,
  data: TrainData,
  setup: { kernels: TrainerKernels; threads: number },
  events: number,
): Promise<number> {
  const trial = await TrainingRun.create(data, { ...options, steps: 1e9, evaluateEvery: 1e9 }, setup);
  try {
    let seen = 0;
    for await (const event of trial.events()) {
      // The first second is slower: caches are cold, and WebAssembly is still being compiled for speed.
      if (event.kind === 'progress' && ++seen >= events) return event.tokensPerSecond;
    }
    throw new Error('the trial of the speed ended before its time');
  } finally {
    await trial.close();
  }
}

function withSteps(options: TrainOptions, steps: number): TrainOptions {
  return { ...options, steps, evaluateEvery: Math.max(Math.min(steps, 10), Math.ceil(steps / EVALUATIONS)) };
}
