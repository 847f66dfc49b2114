/** The end of a run: export, measure, generate. */
import type { StoryLang } from '../corpus/index.js';
import { configOf, elementCount, parameterSpecs, type ModelConfig } from '../model/index.js';
import type { TokenizerTable } from '../tokenizer/index.js';
import type { TrainerKernels, TrainOptions } from '../train/index.js';
import type { WeightsFile } from './checkpoint-file.js';
import { samplingWords, type OpenEngine, type Sampling } from './engine-model.js';
import { exportModel, usualMethod } from './export-model.js';
import { checkStories, type GrammarFigures } from './grammar.js';
import { bitsOfFloat, bitsOfTlm } from './measure.js';
import { measured, type Prepared } from './prepare.js';
import type { CorpusRecord, RunRecord } from './run-record.js';
import type { Outcome } from './training.js';

/** Bits per byte on the same held-out text. */
export interface Quality {
  /** Documents, bytes and tokens measured on. */
  readonly documents: number;
  readonly bytes: number;
  readonly tokens: number;
  /**
   * The float weights as they are: of a float run its result, of a ternary run the latent weights behind the
   * ternary ones.
   */
  readonly float: number;
  /** The ternary weights in the trainer's own arithmetic; absent for a float run. */
  readonly trained?: number;
  /** The exported file in the engine's integer arithmetic. */
  readonly exported: number;
  /** The same weights made ternary by their sign alone, in the engine's arithmetic. */
  readonly sign: number;
  /** Nothing was held out of a very short text: it is the one that was trained on. */
  readonly known?: true;
  /** The same text in a zip. */
  readonly zip: number;
}

export interface Figures {
  readonly corpus: string;
  readonly model: ModelConfig;
  readonly ternary: boolean;
  readonly threshold: number;
  readonly parameters: number;
  readonly floatBytes: number;
  readonly tlmBytes: number;
  readonly engineBytes: number;
  readonly quality: Quality;
  /** The training, as long as this process did it. */
  readonly training: {
    readonly seconds: number;
    readonly tokens: number;
    /** Between evaluations. */
    readonly tokensPerSecond?: number;
    /** The build of the trainer's kernels, in words. */
    readonly backend: string;
    readonly threads: number;
    readonly steps: number;
    readonly epochs: number;
    /** The step whose weights were exported: the best on the validation text. */
    readonly best?: number;
    /** It ended before the planned step, from its best point on, where the validation text got no better. */
    readonly cooled?: RunRecord['cooled'];
  };
  /** Of the engine as WebAssembly on this machine. */
  readonly engineTokensPerSecond: number;
  readonly samples: readonly string[];
  readonly samplingWords: string;
  readonly grammar?: GrammarFigures;
}

/** How the weights of a run become a file. */
const quantizing = (file: WeightsFile, options: TrainOptions, corpus: string) => ({
  method: usualMethod(options.ternary, file.model),
  threshold: options.threshold,
  embedFrac: options.embedFrac,
  about: { corpus, step: file.trained?.step ?? options.steps },
});

/**
 * The exported model of a run.
 * @param file its best weights
 * @param corpus the text's name, which stands in the file
 */
export function exportRun(
  file: WeightsFile,
  tokenizer: TokenizerTable,
  options: TrainOptions,
  corpus: string,
): Uint8Array {
  return exportModel({ config: file.model, tensors: file.weights }, tokenizer, quantizing(file, options, corpus)).bytes;
}

export interface Finish {
  /** The best weights, and what `exportRun` made of them. */
  readonly file: WeightsFile;
  readonly exported: Uint8Array;
  readonly options: TrainOptions;
  readonly corpus: Pick<CorpusRecord, 'name' | 'spec'>;
  readonly data: Prepared;
  readonly kernels: TrainerKernels;
  /** The kernels' build, in words. */
  readonly backend: string;
  readonly threads: number;
  readonly open: OpenEngine;
  /** How long this process trained. */
  readonly training: Pick<Outcome, 'seconds' | 'tokens' | 'tokensPerSecond'>;
  readonly last: {
    readonly step: number;
    readonly epoch: number;
    readonly best?: number;
    readonly cooled?: RunRecord['cooled'];
  };
  readonly samples: number;
  readonly sampling: Sampling;
  /** Bits per byte of texts in a zip. */
  readonly zip: (texts: readonly string[]) => number;
}

/** Generated stories that the grammar of the built-in ones checks. */
const CHECKED = 100;

/** Measures the exported model of a run. */
export async function figuresOf(finish: Finish): Promise<Figures> {
  const { file, exported, options, corpus, data, kernels, threads, sampling, open, last } = finish;
  const measuring = { kernels, threads, eod: data.tokenizer.eod };
  const float = { config: file.model, tensors: file.weights };
  const documents = measured(data.valid);
  const one = { ...float, config: configOf({ ...float.config, trits: 1 }) };
  const sign = exportModel(one, data.tokenizer, { ...quantizing(file, options, corpus.name), method: 'sign' }).bytes;
  const engine = await open(exported);
  const samples = Array.from(
    { length: finish.samples },
    (_, i) => engine.generate('', { ...sampling, seed: sampling.seed + i }).text,
  );
  const stories = storyLanguage(corpus.spec);
  const generated =
    stories === undefined
      ? []
      : Array.from({ length: CHECKED }, (_, i) => {
          const { text, reason } = engine.generate('', {
            ...sampling,
            seed: sampling.seed + i,
            maxTokens: STORY_TOKENS,
          });
          return { text, complete: reason === 'eod' };
        });
  return {
    corpus: corpus.name,
    model: options.model,
    ternary: options.ternary,
    threshold: options.threshold,
    parameters: parameterSpecs(options.model).reduce((sum, spec) => sum + elementCount(spec.shape), 0),
    floatBytes: parameterSpecs(options.model).reduce((sum, spec) => sum + 4 * elementCount(spec.shape), 0),
    tlmBytes: exported.length,
    engineBytes: engine.memoryBytes,
    quality: {
      documents: documents.length,
      bytes: documents.reduce((sum, d) => sum + d.bytes, 0),
      tokens: documents.reduce((sum, d) => sum + d.tokens.length + 1, 0),
      float: await bitsOfFloat(float, documents, measuring),
      ...(options.ternary && {
        trained: await bitsOfFloat(float, documents, { ...measuring, ternary: options }),
      }),
      exported: await bitsOfTlm(exported, documents, open),
      sign: await bitsOfTlm(sign, documents, open),
      ...(data.known && { known: true as const }),
      zip: finish.zip(data.validTexts.filter((_, i) => documents.includes(data.valid[i]))),
    },
    training: {
      ...timing(finish.training),
      backend: finish.backend,
      threads,
      steps: last.step,
      epochs: last.epoch,
      best: last.best,
      cooled: last.cooled,
    },
    engineTokensPerSecond: engine.speed(),
    samples,
    samplingWords: samplingWords(sampling),
    ...(stories !== undefined && { grammar: checkStories(generated, stories) }),
  };
}

/** Of a model of the built-in stories: their grammar can check what it writes. */
function storyLanguage(spec: string): StoryLang | undefined {
  const lang = /^stories:(en|pt)$/.exec(spec)?.[1];
  return lang as StoryLang | undefined;
}

/** A story that is longer than this has lost its way: it counts as unfinished. */
const STORY_TOKENS = 600;

/** JSON knows no NaN: without a measurement there is no speed. */
function timing({ seconds, tokens, tokensPerSecond }: Finish['training']): {
  seconds: number;
  tokens: number;
  tokensPerSecond?: number;
} {
  return { seconds, tokens, ...(Number.isFinite(tokensPerSecond) && { tokensPerSecond }) };
}
