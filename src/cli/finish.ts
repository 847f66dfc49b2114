/** The end of a run in its folder: the exported model, and a report. */
import type { LoadedTrainer } from '../node/native-trainer.js';
import type { RunFolder } from '../node/run-folder.js';
import { shellWord } from '../node/shell.js';
import { decodeCheckpoint } from '../run/checkpoint-file.js';
import type { Sampling } from '../run/engine-model.js';
import { exportRun, figuresOf, type Figures } from '../run/finish.js';
import type { Prepared } from '../run/prepare.js';
import { readRunRecord, type RunRecord } from '../run/run-record.js';
import type { Outcome } from '../run/training.js';
import { openEngine } from './engine.js';
import { runWeights } from './model-source.js';
import { reportMarkdown } from './report.js';
import { zipBits } from './zip.js';

export interface FinishedRun {
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

/** Exports the best weights of a run into its folder, measures them, and writes the report. */
export async function finishRun({ folder, record, trainer, ...rest }: FinishedRun): Promise<Figures> {
  const { options, corpus } = record;
  const { file } = runWeights({ kind: 'run', path: folder.path, folder, record });
  const exported = exportRun(file, rest.data.tokenizer, options, corpus.name);
  folder.write('model', exported);
  const { step, history, best } = decodeCheckpoint(folder.read('last'), folder.file('last'));
  // As it is written: the run may have been cooled since it was begun.
  const { cooled } = readRunRecord(folder.readJson('run'), folder.file('run'));
  const last = { step, epoch: history.at(-1)?.epoch ?? 0, best: best.step, ...(cooled && { cooled }) };
  const { kernels, name: backend } = trainer;
  const figures = await figuresOf({
    ...rest,
    file,
    exported,
    options,
    corpus,
    last,
    kernels,
    backend,
    open: openEngine,
    zip: zipBits,
  });
  folder.write('report', reportMarkdown(figures, `tinylm generate ${shellWord(folder.path)} --prompt "…"`));
  return figures;
}
