/** The end of a run: measure, export, generate, report. */
import type { StoryLang } from '../corpus/index.js';
import { configOf, elementCount, parameterSpecs } from '../model/index.js';
import { decodeCheckpoint } from './checkpoint-file.js';
import type { LoadedTrainer } from '../node/native-trainer.js';
import type { RunFolder } from '../node/run-folder.js';
import { shellWord } from '../node/shell.js';
import { EngineModel, samplingWords, type Sampling } from './engine-model.js';
import { exportModel, usualMethod } from './export-model.js';
import { checkStories } from './grammar.js';
import { bitsOfFloat, bitsOfTlm } from './measure.js';
import { runWeights } from '../cli/model-source.js';
import { measured, type Prepared } from './prepare.js';
import { reportMarkdown, type Figures } from '../cli/report.js';
import type { RunRecord } from './run-record.js';
import type { Outcome } from './training.js';
import { zipBits } from '../cli/zip.js';

export interface Finish {
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly data: Prepared;
  readonly trainer: LoadedTrainer;
  readonly threads: number;
  /** How long this process trained. */
  readonly training: Pick<Outcome, 'seconds' | 'tokens' | 'tokensPerSecond'>;
  readonly samples: number;
  readonly sampling: Sampling;
}

/** Generated stories that the grammar of the built-in ones checks. */
const CHECKED = 100;

/** Exports the best weights of a run into its folder, measures them, and writes the report. */
export async function finishRun(finish: Finish): Promise<Figures> {
  const { folder, record, data, trainer, threads, sampling } = finish;
  const { options } = record;
  const measuring = { kernels: trainer.kernels, threads, eod: data.tokenizer.eod };
  const { file } = runWeights({ kind: 'run', path: folder.path, folder, record });
  const float = { config: file.model, tensors: file.weights };
  const about = { corpus: record.corpus.name, step: file.trained?.step ?? options.steps };
  const quantizing = { method: usualMethod(options.ternary, file.model), threshold: options.threshold, embedFrac: options.embedFrac, about };
  const exported = exportModel(float, data.tokenizer, quantizing).bytes;
  folder.write('model', exported);

  const documents = measured(data.valid);
  const one = { ...float, config: configOf({ ...float.config, trits: 1 }) };
  const sign = exportModel(one, data.tokenizer, { ...quantizing, method: 'sign' }).bytes;
  const engine = await EngineModel.open(exported);
  const samples = Array.from(
    { length: finish.samples },
    (_, i) => engine.generate('', { ...sampling, seed: sampling.seed + i }).text,
  );
  const stories = storyLanguage(record.corpus.spec);
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
  const last = lastStep(folder);
  const figures: Figures = {
    corpus: record.corpus.name,
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
      exported: await bitsOfTlm(exported, documents),
      sign: await bitsOfTlm(sign, documents),
      zip: zipBits(data.validTexts.filter((_, i) => documents.includes(data.valid[i]))),
    },
    training: { ...timing(finish.training), backend: trainer.name, threads, steps: last.step, epochs: last.epoch },
    engineTokensPerSecond: engine.speed(),
    samples,
    samplingWords: samplingWords(sampling),
    ...(stories !== undefined && { grammar: checkStories(generated, stories) }),
  };
  folder.write('report', reportMarkdown(figures, `tinylm generate ${shellWord(folder.path)} --prompt "…"`));
  return figures;
}

/** Of a model of the built-in stories: their grammar can check what it writes. */
function storyLanguage(spec: string): StoryLang | undefined {
  const lang = /^stories:(en|pt)$/.exec(spec)?.[1];
  return lang as StoryLang | undefined;
}

/** A story that is longer than this has lost its way: it counts as unfinished. */
const STORY_TOKENS = 600;

function lastStep(folder: RunFolder): { step: number; epoch: number } {
  const checkpoint = decodeCheckpoint(folder.read('last'), folder.file('last'));
  return { step: checkpoint.step, epoch: checkpoint.history.at(-1)?.epoch ?? 0 };
}

/** JSON knows no NaN: without a measurement there is no speed. */
function timing({ seconds, tokens, tokensPerSecond }: Finish['training']): {
  seconds: number;
  tokens: number;
  tokensPerSecond?: number;
} {
  return { seconds, tokens, ...(Number.isFinite(tokensPerSecond) && { tokensPerSecond }) };
}
