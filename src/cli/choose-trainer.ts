/** Which build of the trainer's kernels a verb uses: the one place where that is decided and said. */
import { TinyLMError } from '../model/errors.js';
import { loadTrainer, type LoadedTrainer } from '../node/native-trainer.js';
import { identityName, sameBackend, type BackendName } from '../run/backend.js';
import { backendOf, type RunRecord } from '../run/run-record.js';
import type { TrainFlags as PlanFlags } from '../run/plan.js';
import type { Terminal } from './terminal.js';

/** What a verb is told of training. */
export interface TrainFlags extends PlanFlags {
  backend?: BackendChoice;
}

/** What `--backend` takes. */
export type BackendChoice = 'auto' | 'native' | 'wasm';

/**
 * The trainer for a new run or a measurement.
 * @param wanted of `--backend`; without it the environment's TINYLM_BACKEND, else `auto`
 * @throws TinyLMError `train-backend` when it was asked for by name and cannot be had
 */
export async function chooseTrainer(terminal: Terminal, wanted?: BackendName): Promise<LoadedTrainer> {
  const trainer = await loadTrainer(wanted, () =>
    terminal.note('compiling the trainer for this processor, once; it is kept for later runs …'),
  );
  terminal.note(`trainer: ${trainer.name}${trainer.note === undefined ? '' : `: ${trainer.note}`}`);
  return trainer;
}

/**
 * The trainer to go on with: that of the run, because another one gives other last bits.
 * @param wanted of `--backend`: goes on with this one whatever the run was made with
 * @throws TinyLMError `run-backend` when nothing is asked for and the run's own cannot be had here
 */
export async function trainerOfRun(
  terminal: Terminal,
  path: string,
  record: RunRecord,
  wanted?: BackendChoice,
): Promise<LoadedTrainer> {
  const made = backendOf(record);
  const hint =
    `go on with the trainer there is by --backend auto (or wasm): as good a model, ` +
    'but not the same to the last bit as an uninterrupted run';
  let trainer: LoadedTrainer;
  try {
    trainer = await chooseTrainer(terminal, wanted ?? made.name);
  } catch (error) {
    if (wanted !== undefined || !(error instanceof TinyLMError)) throw error;
    throw new TinyLMError('run-backend', `${path} was made by ${identityName(made)}; ${error.message}`, hint);
  }
  if (sameBackend(made, trainer.identity)) return trainer;
  const both = `${path} was made by ${identityName(made)}, here it is ${trainer.name}`;
  if (wanted === undefined) throw new TinyLMError('run-backend', both, hint);
  terminal.warn(`${both}: the result is not the same to the last bit as that of an uninterrupted run`);
  return trainer;
}
