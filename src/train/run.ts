/** A training run: epochs over the corpus, evaluations, checkpoints; told as a stream of events. */
import { TinyLMError } from '../model/errors.js';
import { initModel } from '../model/index.js';
import type { TrainerKernels } from './backend.js';
import { epochOrder, layOutEvaluation, layOutTraining, placesRandom, someDocuments } from './data.js';
import type { KernelConfig } from './layout.js';
import { KernelPool } from './pool.js';
import { BETA1, BETA2, MUON, learningRateAt, scheduleRow, shardsOf, stepsPerEpoch } from './schedule.js';
import type { Checkpoint, HistoryPoint, TokenizedDocument, TrainData, TrainEvent, TrainOptions } from './types.js';

/** Steps between two looks at the clock: the longest call into the kernels. */
const CHUNK = 16;
/** Most validation tokens that an evaluation during the run looks at. */
const EVALUATION_TOKENS = 60_000;

export interface RunSetup {
  /** The trainer's kernels; the last bits of a result depend on them. */
  readonly kernels: TrainerKernels;
  readonly threads: number;
  /** Go on from here; its options must be those given. */
  readonly resume?: Checkpoint;
  /** Start from these weights instead of random ones (PyTorch's names). */
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** Evaluate before the first step, too: of weights that are worth something already. */
  readonly evaluateFirst?: boolean;
}

/** 32-bit FNV-1a over all training tokens, in hexadecimal. */
function digest(documents: readonly TokenizedDocument[]): string {
  let hash = 0x811c9dc5;
  for (const { tokens } of documents) {
    for (let i = 0; i < tokens.length; i++) hash = Math.imul(hash ^ tokens[i], 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The kernels' configuration for a run. */
export function kernelConfig(options: TrainOptions, eod: number, stream: number): KernelConfig {
  return {
    model: options.model,
    lanes: options.lanes,
    segment: options.segment,
    shards: shardsOf(options.lanes),
    ternary: options.ternary,
    quantizeActivations: options.quantizeActivations,
    embedFrac: options.embedFrac,
    cacheHeld: options.cacheBias !== undefined,
    resetOnEod: true,
    eod,
    stream,
    chunk: CHUNK,
    threshold: options.threshold,
    clip: options.clip,
    beta1: BETA1,
    beta2: BETA2,
    epsilon: 1e-8,
    weightDecay: options.weightDecay,
    latentRate: options.latentRate,
    muon: options.optimizer === 'muon',
    muonMomentum: MUON.momentum,
    muonStep: MUON.step,
  };
}

function withCacheBias(
  { model, cacheBias }: TrainOptions,
  weights: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array> {
  if (cacheBias === undefined || model.cache === 0) return weights;
  return new Map([...weights, ['cache.bias', Float32Array.from(cacheBias)]]);
}

/** Bits per byte of documents under the pool's weights; the carried state is kept. */
export async function bitsPerByte(pool: KernelPool, documents: readonly TokenizedDocument[]): Promise<number> {
  const { lanes, segment, stream, eod } = pool.config;
  const state = pool.readState();
  pool.writeState();
  let nats = 0;
  for (const filling of layOutEvaluation(documents, eod, lanes, segment, stream)) {
    pool.inputs.set(filling.inputs);
    pool.targets.set(filling.targets);
    nats += (await pool.evaluate(filling.segments)).nats;
  }
  pool.writeState(state);
  const bytes = documents.reduce((sum, d) => sum + d.bytes, 0);
  return nats / Math.LN2 / bytes;
}

interface Pause {
  readonly reached: (checkpoint: Checkpoint) => void;
  readonly over: Promise<void>;
  readonly resume: () => void;
}

export class TrainingRun {
  readonly options: TrainOptions;
  readonly data: TrainData;
  readonly #pool: KernelPool;
  readonly #dataDigest: string;
  readonly #perEpoch: number;
  readonly #bytesPerToken: number;
  readonly #sample: TokenizedDocument[];
  #step = 0;
  #epochLoaded = -1;
  #history: HistoryPoint[] = [];
  #best: Checkpoint['best'] = { step: 0, valid: Infinity };
  #running = { nats: 0, tokens: 0 };
  #stopping = false;
  #evaluateFirst = false;
  #pause: Pause | undefined;

  private constructor(data: TrainData, options: TrainOptions, pool: KernelPool) {
    this.data = data;
    this.options = options;
    this.#pool = pool;
    this.#dataDigest = digest(data.train);
    this.#perEpoch = stepsPerEpoch(data.train, options.lanes, options.segment);
    const tokens = data.train.reduce((sum, d) => sum + d.tokens.length + 1, 0);
    this.#bytesPerToken = data.train.reduce((sum, d) => sum + d.bytes, 0) / tokens;
    this.#sample = someDocuments(data.valid, EVALUATION_TOKENS);
  }

  /**
   * @throws TinyLMError `train-options` for options that cannot be, `checkpoint-…` when the checkpoint to resume from belongs
   * to another run
   */
  static async create(data: TrainData, options: TrainOptions, setup: RunSetup): Promise<TrainingRun> {
    const perEpoch = stepsPerEpoch(data.train, options.lanes, options.segment);
    if (perEpoch < 1)
      throw new TinyLMError(
        'train-options',
        `one step takes ${options.lanes * options.segment} tokens, and the corpus has fewer`,
        'use fitBatch, or a smaller batch',
      );
    if (options.steps < 1)
      throw new TinyLMError(
        'train-options',
        `the run has ${options.steps} steps, expected at least 1`,
        'set --epochs or --minutes',
      );
    const config = kernelConfig(options, data.tokenizer.eod, perEpoch * options.segment);
    const pool = await KernelPool.create(setup.kernels, config, setup.threads);
    try {
      const run = new TrainingRun(data, options, pool);
      if (setup.resume) run.#restore(setup.resume);
      else
        pool.write('weight', withCacheBias(options, setup.weights ?? initModel(options.model, options.seed).tensors));
      run.#evaluateFirst = setup.evaluateFirst === true && setup.resume === undefined;
      return run;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  #restore(checkpoint: Checkpoint): void {
    if (checkpoint.dataDigest !== this.#dataDigest)
      throw new TinyLMError(
        'checkpoint-corpus',
        `the checkpoint was trained on a corpus with digest ${checkpoint.dataDigest}, this one has ${this.#dataDigest}`,
        'resume with the corpus that the run was started with',
      );
    this.#pool.write('weight', checkpoint.weights);
    this.#pool.write('moment1', checkpoint.moment1);
    this.#pool.write('moment2', checkpoint.moment2);
    this.#pool.write('scaleMoment1', checkpoint.scaleMoment1);
    this.#pool.write('scaleMoment2', checkpoint.scaleMoment2);
    this.#pool.writeState(checkpoint.state);
    this.#step = checkpoint.step;
    this.#history = [...checkpoint.history];
    this.#best = checkpoint.best;
    this.#running = { ...checkpoint.running };
    // The carried state belongs to the epoch that the checkpoint was made in.
    this.#epochLoaded = -1;
  }

  #checkpoint(): Checkpoint {
    return {
      options: this.options,
      tokenizer: this.data.tokenizer,
      step: this.#step,
      best: this.#best,
      history: [...this.#history],
      dataDigest: this.#dataDigest,
      running: { ...this.#running },
      weights: this.#pool.read('weight'),
      moment1: this.#pool.read('moment1'),
      moment2: this.#pool.read('moment2'),
      scaleMoment1: this.#pool.read('scaleMoment1'),
      scaleMoment2: this.#pool.read('scaleMoment2'),
      state: this.#pool.readState(),
    };
  }

  /** Puts the epoch of the next step into the data buffers; a new epoch starts from a zero state. */
  #loadEpoch(): void {
    const epoch = Math.floor(this.#step / this.#perEpoch);
    if (epoch === this.#epochLoaded) return;
    const { lanes, segment, seed } = this.options;
    const order = epochOrder(this.data.train.length, seed, epoch);
    const { stream } = this.#pool.config;
    layOutTraining(
      this.data.train,
      order,
      this.data.tokenizer.eod,
      lanes,
      segment,
      stream,
      this.#pool,
      placesRandom(seed, epoch),
    );
    if (this.#step % this.#perEpoch === 0) this.#pool.writeState();
    this.#epochLoaded = epoch;
  }

  async #evaluate(): Promise<HistoryPoint> {
    const valid = await bitsPerByte(this.#pool, this.#sample);
    this.#epochLoaded = -1; // the data buffers were used
    const point: HistoryPoint = {
      step: this.#step,
      epoch: this.#step / this.#perEpoch,
      train: this.#toBits(this.#running),
      valid,
      learningRate: learningRateAt(this.options, Math.max(0, this.#step - 1)),
    };
    this.#running = { nats: 0, tokens: 0 };
    this.#history.push(point);
    return point;
  }

  #toBits({ nats, tokens }: { nats: number; tokens: number }): number {
    return tokens ? nats / tokens / Math.LN2 / this.#bytesPerToken : NaN;
  }

  async #evaluation(): Promise<TrainEvent> {
    const point = await this.#evaluate();
    const best = point.valid < this.#best.valid;
    if (best) this.#best = { step: this.#step, valid: point.valid };
    return { kind: 'evaluation', point, best, checkpoint: this.#checkpoint() };
  }

  /** Stops at the next step's border; `events` then ends with a `stopped` event. */
  stop(): void {
    this.#stopping = true;
    this.#pool.stop();
    this.resume();
  }

  /**
   * Stands still at the next step's border until `resume` or `stop`; the time is not counted as training.
   * @param reached told where it stands; not called when the run ends before
   */
  pause(reached: (checkpoint: Checkpoint) => void = () => {}): void {
    if (this.#stopping || this.#pause) return;
    let resume = (): void => {};
    const over = new Promise<void>((resolve) => {
      resume = resolve;
    });
    this.#pause = { reached, over, resume };
  }

  /** Ends a pause. */
  resume(): void {
    this.#pause?.resume();
    this.#pause = undefined;
  }

  /**
   * Trains to the end. An evaluation (with a checkpoint) comes every `evaluateEvery` steps and at the end; progress comes about once a
   * second in between.
   * @throws TinyLMError `train-diverged` when the loss is no number any more
   */
  async *events(): AsyncGenerator<TrainEvent> {
    const { options } = this;
    let started = performance.now();
    const firstStep = this.#step;
    if (this.#evaluateFirst) yield await this.#evaluation();
    let window = { nats: 0, tokens: 0, since: started };
    while (this.#step < options.steps) {
      if (this.#pause) {
        const began = performance.now();
        this.#pause.reached(this.#checkpoint());
        await this.#pause?.over;
        const away = performance.now() - began;
        started += away;
        window.since += away;
        continue;
      }
      if (this.#stopping) {
        yield { kind: 'stopped', checkpoint: this.#checkpoint() };
        return;
      }
      this.#loadEpoch();
      const inEpoch = this.#step % this.#perEpoch;
      const toEvaluation = options.evaluateEvery - (this.#step % options.evaluateEvery);
      const steps = Math.min(CHUNK, this.#perEpoch - inEpoch, toEvaluation, options.steps - this.#step);
      for (let i = 0; i < steps; i++) this.#pool.schedule.set(scheduleRow(options, this.#step + i), i * 3);
      const done = await this.#pool.run(inEpoch * options.segment, steps);
      const stats = this.#pool.stats;
      const tokens = options.lanes * options.segment;
      for (let i = 0; i < done; i++) {
        if (!Number.isFinite(stats[2 * i]) || !Number.isFinite(stats[2 * i + 1]))
          throw new TinyLMError(
            'train-diverged',
            `the loss became ${stats[2 * i]} at step ${this.#step + i + 1}`,
            'choose a lower learning rate (--lr)',
          );
        for (const sum of [this.#running, window]) {
          sum.nats += stats[2 * i] * tokens;
          sum.tokens += tokens;
        }
      }
      this.#step += done;
      if (done === 0) continue;

      const now = performance.now();
      if (now - window.since > 1000 || this.#step === options.steps) {
        const perSecond = (this.#step - firstStep) / ((now - started) / 1000);
        yield {
          kind: 'progress',
          step: this.#step,
          steps: options.steps,
          epoch: this.#step / this.#perEpoch,
          epochs: options.steps / this.#perEpoch,
          trainBits: this.#toBits(window),
          gradientNorm: stats[2 * (done - 1) + 1],
          learningRate: learningRateAt(options, this.#step - 1),
          tokensPerSecond: (window.tokens / (now - window.since)) * 1000,
          secondsLeft: (options.steps - this.#step) / perSecond,
        };
        window = { nats: 0, tokens: 0, since: performance.now() };
      }
      if (this.#step % options.evaluateEvery === 0 || this.#step === options.steps) {
        yield await this.#evaluation();
        window = { nats: 0, tokens: 0, since: performance.now() };
      }
    }
    yield {
      kind: 'end',
      checkpoint: this.#checkpoint(),
      seconds: (performance.now() - started) / 1000,
      tokens: (this.#step - firstStep) * options.lanes * options.segment,
    };
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#pool.close();
  }
}
