/** Drives a training run and keeps its folder: checkpoints, history, curve, samples. */
import { encodeCheckpoint } from '../node/checkpoint-file.js';
import type { RunFolder } from '../node/run-folder.js';
import type { Checkpoint, HistoryPoint, TrainingRun } from '../train/index.js';
import { curveChart } from './chart.js';
import { onInterrupt } from './interrupt.js';
import type { ProgressDisplay } from './progress.js';
import type { Terminal } from './terminal.js';
import { bits } from './values.js';

export interface Training {
  readonly run: TrainingRun;
  readonly folder: RunFolder;
  readonly display: ProgressDisplay;
  readonly terminal: Terminal;
  /** Text of the model as it stands; undefined for none. */
  readonly sample: (checkpoint: Checkpoint) => Promise<string | undefined>;
  /** Of the curve's picture. */
  readonly title: string;
}

export type Outcome =
  | { readonly kind: 'end'; readonly checkpoint: Checkpoint; readonly seconds: number; readonly tokens: number }
  | { readonly kind: 'stopped'; readonly checkpoint: Checkpoint };

/**
 * Trains to the end or until Ctrl-C. After each evaluation the folder holds all that is needed to go on from there: the best
 * weights are written before the checkpoint that speaks of them, so a run that was killed in between goes back one interval and
 * writes the same ones again.
 */
export async function train({ run, folder, display, terminal, sample, title }: Training): Promise<Outcome> {
  const done = onInterrupt(terminal, () => run.stop());
  try {
    for await (const event of run.events()) {
      switch (event.kind) {
        case 'progress':
          display.progress(event);
          break;
        case 'evaluation': {
          const { checkpoint, best, point } = event;
          if (best) folder.write('best', encodeCheckpoint(checkpoint, { resumable: false }));
          folder.write('last', encodeCheckpoint(checkpoint));
          const text = await sample(checkpoint);
          if (text !== undefined)
            folder.append('samples', `=== step ${point.step}, epoch ${point.epoch.toFixed(2)}, validation ${bits(point.valid)} bits per byte ===\n${text}\n\n`);
          display.evaluation(point, best, text);
          await writeHistory(folder, checkpoint.history, title);
          break;
        }
        case 'stopped':
          folder.write('last', encodeCheckpoint(event.checkpoint));
          return event;
        case 'end':
          return event;
        default:
          event satisfies never;
      }
    }
    throw new Error('the training run ended without saying so');
  } finally {
    done();
    display.end();
    await run.close();
  }
}

/** The curve as numbers and as a picture. */
export async function writeHistory(folder: RunFolder, history: readonly HistoryPoint[], title: string): Promise<void> {
  folder.writeJson('history', history);
  if (history.length >= 2) {
    const best = history.reduce((a, b) => (b.valid < a.valid ? b : a));
    folder.write('curve', await curveChart(history, title, `lowest on the validation text: ${bits(best.valid)} bits per byte, epoch ${best.epoch.toFixed(1)}`));
  }
}
