/** How long training takes on this machine: measured on the built-in stories, for about a second. */
import { generateStories } from '../corpus/index.js';
import { budget, type ModelConfig } from '../model/index.js';
import { loadTrainer } from '../node/native-trainer.js';
import { trainTokenizer, type TokenizerKind } from '../tokenizer/index.js';
import { threadsOf } from './pipeline.js';
import { measureSpeed, planOptions, USUAL_LENGTH } from '../run/plan.js';
import { prepareData, SPLIT } from '../run/prepare.js';
import { OPTIONS } from './options.js';
import type { Terminal } from './terminal.js';
import { count, duration, plural } from './values.js';

/** A larger model takes more than a second for the steps that are timed together. */
const PARAMETERS_MAX = 500_000;
const TEXT_BYTES = 120_000;
const MEGABYTE = 1_000_000;

/** A sentence; undefined for a model that is too large to be tried in passing. */
export async function trainingHere(
  terminal: Terminal,
  model: ModelConfig,
  kind: TokenizerKind,
): Promise<string | undefined> {
  if (budget(model).parameters > PARAMETERS_MAX) return undefined;
  const trainer = await loadTrainer(undefined, () =>
    terminal.note('compiling the trainer for this processor, once; it is kept for later runs …'),
  );
  const documents = generateStories({ lang: 'en', seed: 1, bytes: TEXT_BYTES });
  const data = prepareData(documents, SPLIT, trainTokenizer(documents, { kind, vocab: model.vocab }));
  const flags = { batch: OPTIONS.batch.initial, segment: OPTIONS.segment.initial, seed: 1 };
  const threads = threadsOf({});
  const speed = await measureSpeed(planOptions(model, flags, data), data, { kernels: trainer.kernels, threads }, 1);
  const tokens = data.train.reduce((n, d) => n + d.tokens.length + 1, 0);
  const bytes = data.train.reduce((n, d) => n + d.bytes, 0);
  const seconds = (USUAL_LENGTH.epochs * MEGABYTE * (tokens / bytes)) / speed;
  return (
    `training here: ${count(speed)} tokens/s with ${plural(threads, 'thread')} (${trainer.name}), measured just now; ` +
    `${USUAL_LENGTH.epochs} times through 1 MB of text like the built-in stories takes about ${duration(seconds)}`
  );
}
