/** Training in a page: one run at a time, kept in a store, the model bit for bit that of `tinylm train --backend wasm`. */
import { TinyLMError } from '../model/errors.js';
import { budget } from '../model/index.js';
import {
  bitsOfFloat,
  checkUnchanged,
  measured,
  newRecord,
  planRun,
  prepareData,
  sampleOf,
  secondsLeft,
  shortName,
  train,
  WASM_IDENTITY,
  type OpenEngine,
  type Outcome,
  type Prepared,
  type RunPlan,
  type RunRecord,
  type TrainControls,
} from '../run/index.js';
import { TrainingRun, type Checkpoint, type TrainerKernels, type TrainOptions } from '../train/index.js';
import type { Telling } from './calls.js';
import type { StartAsk, TrainMessage, TrainResult } from './protocol.js';
import type { RunStore } from './store.js';
import { StoredFiles } from './stored-run.js';
import { keptText, recordedDocuments, type ReadText } from './texts.js';

/** What a page trains with; handed in, so that tests need no browser. */
export interface TrainTools {
  readonly store: RunStore;
  readonly kernels: TrainerKernels;
  /** Most threads that are of use here. */
  readonly threads: number;
  readonly open: OpenEngine;
  /** What a run is made on, for its record. */
  readonly host: string;
  /** What does not work here, and why, in words. */
  readonly notes: readonly string[];
}

interface Going {
  readonly run: string;
  readonly controls: TrainControls;
  readonly tell: (message: TrainMessage) => void;
  step: number;
  keep: boolean;
}

interface Begun {
  readonly files: StoredFiles;
  readonly record: RunRecord;
  readonly data: Prepared;
  readonly resume?: Checkpoint | undefined;
  readonly threads: number;
}

export class Trainer {
  readonly #tools: TrainTools;
  #going: Going | undefined;
  /** A run is being planned or is under way. */
  #busy = false;

  constructor(tools: TrainTools) {
    this.#tools = tools;
  }

  /** @throws TinyLMError `train-busy`, and what planning throws */
  start(
    text: ReadText,
    { train: flags, name }: Pick<StartAsk, 'train' | 'name'>,
    prepare: () => RunPlan,
    telling: Telling<TrainMessage>,
  ): Promise<TrainResult> {
    return this.#alone(async () => {
      const { store, kernels } = this.#tools;
      const plan = prepare();
      const threads = this.#threads(flags.threads);
      const corpus = { ...text.record, ...(name !== undefined && { name }) };
      const planned = await planRun(plan, flags, { kernels, threads });
      const record = newRecord(plan, {
        corpus,
        flags,
        options: planned,
        backend: WASM_IDENTITY,
        host: this.#tools.host,
      });
      const run = await freeName(store, shortName(corpus.name.replace(':', '-')));
      const files = this.#files(run, telling);
      await files.writeJson('run', record);
      const kept = keptText(text);
      if (kept !== undefined) await files.write('corpus', kept);
      return this.#locked(run, () => this.#go({ files, record, data: plan.data, threads }, telling));
    });
  }

  /** Goes on with a run. @throws TinyLMError `run-…`, `checkpoint-…`, `corpus-not-found` */
  restore(run: string, threads: number | undefined, telling: Telling<TrainMessage>): Promise<TrainResult> {
    return this.#alone(() =>
      this.#locked(run, async () => {
        const files = this.#files(run, telling);
        const record = await files.record();
        const resume = await files.last(record);
        const documents = await recordedDocuments(record.corpus, await files.read('corpus'));
        const data = prepareData(documents, record.corpus, resume?.tokenizer ?? record.tokenizer);
        checkUnchanged(run, record, data);
        return this.#go({ files, record, data, resume, threads: this.#threads(threads) }, telling);
      }),
    );
  }

  async pause(run: string): Promise<{ step: number }> {
    const going = this.#of(run);
    const { step } = await going.controls.pause();
    going.step = step;
    going.tell({ kind: 'paused', step });
    return { step };
  }

  resume(run: string): { step: number } {
    const going = this.#of(run);
    going.controls.resume();
    going.tell({ kind: 'resumed', step: going.step });
    return { step: going.step };
  }

  stop(run: string, keep: boolean): { step: number } {
    const going = this.#of(run);
    going.keep = keep;
    going.controls.stop();
    return { step: going.step };
  }

  #of(run: string): Going {
    if (this.#going?.run === run) return this.#going;
    throw new TinyLMError('run-idle', `${run} is not being trained`, 'go on with it first');
  }

  #threads(asked: number | undefined): number {
    return Math.max(1, Math.min(asked ?? this.#tools.threads, this.#tools.threads));
  }

  #files(run: string, { tell }: Telling<TrainMessage>): StoredFiles {
    return new StoredFiles(this.#tools.store, run, (failure) => tell({ kind: 'trouble', failure }));
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy)
      throw new TinyLMError('train-busy', 'a model is being trained already', 'stop it first, or wait for its end');
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  async #locked<T>(run: string, work: () => Promise<T>): Promise<T> {
    const unlock = await this.#tools.store.lock(run);
    if (unlock === undefined)
      throw new TinyLMError('run-locked', `${run} is being trained in another page`, 'go on there, or close that page');
    try {
      return await work();
    } finally {
      unlock();
    }
  }

  async #go(
    { files, record: planned, data, resume, threads }: Begun,
    { tell, signal }: Telling<TrainMessage>,
  ): Promise<TrainResult> {
    const { store, kernels, open, notes } = this.#tools;
    const { run } = files;
    let record = planned;
    const make = (options: TrainOptions, from?: Checkpoint): Promise<TrainingRun> =>
      TrainingRun.create(data, options, { kernels, threads, ...(from && { resume: from }) });
    const again = async (options: TrainOptions, from: Checkpoint): Promise<TrainingRun> => {
      record = { ...record, options };
      await files.writeJson('run', record);
      return make(options, from);
    };
    const cools = 'usual' in record.plan && record.cooled === undefined;
    const cool = async (options: TrainOptions, best: Checkpoint, steps: number): Promise<TrainingRun> => {
      record = { ...record, options, cooled: { from: best.step, planned: steps } };
      await files.writeJson('run', record);
      return make(options, { ...best, options });
    };
    const first = await make(record.options, resume);
    const seconds = secondsLeft(record, resume?.step ?? 0);
    tell({
      kind: 'started',
      run,
      options: record.options,
      parameters: budget(record.options.model).parameters,
      threads,
      store: store.kind,
      notes,
      step: resume?.step ?? 0,
      history: resume?.history ?? [],
    });
    let keep = false;
    const outcome = await train({
      run: first,
      from: resume?.step ?? 0,
      files,
      ...(seconds !== undefined && { limit: { seconds, again } }),
      ...(cools && resume === undefined && { cool }),
      control: (controls) => {
        const going: Going = { run, controls, tell, step: resume?.step ?? 0, keep: false };
        this.#going = going;
        const cancel = (): void => controls.stop();
        if (signal.aborted) cancel();
        signal.addEventListener('abort', cancel);
        return () => {
          signal.removeEventListener('abort', cancel);
          keep = going.keep;
          this.#going = undefined;
        };
      },
      display: {
        progress: ({ step, steps, epoch, epochs, trainBits, tokensPerSecond, secondsLeft: left }) => {
          this.#going!.step = step;
          tell({ kind: 'progress', step, steps, epoch, epochs, trainBits, tokensPerSecond, secondsLeft: left });
        },
        evaluation: (point, best, sample) => {
          this.#going!.step = point.step;
          tell({ kind: 'evaluation', point, best, ...(sample !== undefined && { sample }) });
        },
        end: () => {},
      },
      sample: (checkpoint) => sampleOf(checkpoint, data.tokenizer, open),
    });
    if (outcome.kind === 'stopped' && !keep)
      throw new TinyLMError(
        'train-stopped',
        `stopped at step ${outcome.checkpoint.step} of ${record.options.steps}; everything is kept`,
        'go on with it',
      );
    return this.#result({ files, record, data, threads }, outcome);
  }

  async #result({ files, record, data, threads }: Begun, outcome: Outcome): Promise<TrainResult> {
    const { kernels, open } = this.#tools;
    const { options } = record;
    const tlm = await files.exported(record);
    await files.write('model', tlm);
    const { model, weights } = await files.weights(record);
    const documents = measured(data.valid);
    const measuring = { kernels, threads, eod: data.tokenizer.eod, ...(options.ternary && { ternary: options }) };
    const { checkpoint, seconds, tokensPerSecond } = outcome;
    return {
      run: files.run,
      kind: outcome.kind,
      step: checkpoint.step,
      steps: options.steps,
      tlm: tlm.slice(),
      history: checkpoint.history,
      bitsPerByte: {
        trained: await bitsOfFloat({ config: model, tensors: weights }, documents, measuring),
        engine: (await open(tlm)).bitsPerByte(documents),
      },
      seconds,
      tokensPerSecond,
    };
  }
}

async function freeName(store: RunStore, name: string): Promise<string> {
  const taken = new Set(await store.list());
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(free)) return free;
  }
}
