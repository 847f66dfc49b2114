/** Drives a training run and keeps its folder: checkpoints, history, curve, samples. */
import { encodeCheckpoint } from './checkpoint-file.js';
import type { RunFolder } from '../node/run-folder.js';
import type { Checkpoint, HistoryPoint, TrainingRun } from '../train/index.js';
import { curveChart } from '../cli/chart.js';
import { onInterrupt } from '../cli/interrupt.js';
import type { ProgressDisplay } from '../cli/progress.js';
import type { Terminal } from '../cli/terminal.js';
import { fittingSteps, lastMoment, type TimeLimit } from './time-limit.js';
import { bits } from '../cli/values.js';
import { visible } from '../cli/visible.js';

export interface Training {
  readonly run: TrainingRun;
  /** The step it begins at. */
  readonly from: number;
  readonly folder: RunFolder;
  readonly display: ProgressDisplay;
  readonly terminal: Terminal;
  /** Text of the model as it stands; undefined for none. */
  readonly sample: (checkpoint: Checkpoint) => Promise<string | undefined>;
  /** Of the curve's picture. */
  readonly title: string;
  /** Ends it in time, whatever was planned. */
  readonly limit?: TimeLimit;
}

export interface Outcome {
  /** The last step was done, or Ctrl-C came before it. */
  readonly kind: 'end' | 'stopped';
  readonly checkpoint: Checkpoint;
  /** How long this process trained, evaluations and samples included. */
  readonly seconds: number;
  /** Tokens that it trained on. */
  readonly tokens: number;
  /** Speed between evaluations: the median of about one measurement a second; NaN when there was none. */
  readonly tokensPerSecond: number;
}

/** The picture of the curve takes some time to draw: not more often than this, in milliseconds. */
const CURVE_EVERY = 15_000;

/**
 * Trains to the end or until Ctrl-C. After each evaluation the folder holds all that is needed to go on from
 * there: the best weights are written before the checkpoint that speaks of them, so a run that was killed in
 * between goes back one interval and writes the same ones again.
 */
export async function train({
  run: first,
  from,
  folder,
  display,
  terminal,
  sample,
  title,
  limit,
}: Training): Promise<Outcome> {
  let run = first;
  let asked = false;
  const done = onInterrupt(terminal, () => {
    asked = true;
    display.end();
    run.stop();
  });
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const late = limit && setTimeout(() => run.stop(), 1000 * lastMoment(limit.seconds));
  /** Goes on with so many steps in all. */
  const replan = async (steps: number, checkpoint: Checkpoint): Promise<void> => {
    await run.close();
    run = await limit!.again({ ...checkpoint.options, steps }, checkpoint);
    if (asked) run.stop();
  };
  const speeds: number[] = [];
  let drawn = -Infinity;
  const outcome = (kind: Outcome['kind'], checkpoint: Checkpoint): Outcome => ({
    kind,
    checkpoint,
    seconds: elapsed(),
    tokens: (checkpoint.step - from) * run.options.lanes * run.options.segment,
    tokensPerSecond: [...speeds].sort((a, b) => a - b)[speeds.length >> 1] ?? NaN,
  });
  try {
    for (let events = run.events(); ;) {
      const { value: event, done: over } = await events.next();
      if (over) break;
      switch (event.kind) {
        case 'progress':
          display.progress(event);
          speeds.push(event.tokensPerSecond);
          break;
        case 'evaluation': {
          const { checkpoint, best, point } = event;
          if (best) folder.write('best', encodeCheckpoint(checkpoint, { resumable: false }));
          folder.write('last', encodeCheckpoint(checkpoint));
          const text = await sample(checkpoint);
          if (text !== undefined)
            folder.append(
              'samples',
              `=== step ${point.step}, epoch ${point.epoch.toFixed(2)}, ` +
                `validation ${bits(point.valid)} bits per byte ===\n` +
                `${visible(text)}\n\n`,
            );
          display.evaluation(point, best, text);
          folder.writeJson('history', checkpoint.history);
          if (performance.now() - drawn > CURVE_EVERY) {
            await drawCurve(folder, checkpoint.history, title);
            drawn = performance.now();
          }
          const time = limit && { done: point.step - from, elapsed: elapsed(), seconds: limit.seconds };
          const steps = time && !asked ? fittingSteps(checkpoint, time) : undefined;
          if (steps !== undefined) {
            await replan(steps, checkpoint);
            events = run.events();
          }
          break;
        }
        case 'stopped':
          // The time is up: one step more makes this the last one, with its evaluation.
          if (limit && !asked && event.checkpoint.step < event.checkpoint.options.steps) {
            await replan(event.checkpoint.step + 1, event.checkpoint);
            events = run.events();
            break;
          }
          folder.write('last', encodeCheckpoint(event.checkpoint));
          return outcome('stopped', event.checkpoint);
        case 'end':
          await drawCurve(folder, event.checkpoint.history, title);
          return outcome('end', event.checkpoint);
        default:
          event satisfies never;
      }
    }
    throw new Error('the training run ended without saying so');
  } finally {
    done();
    clearTimeout(late);
    display.end();
    await run.close();
  }
}

async function drawCurve(folder: RunFolder, history: readonly HistoryPoint[], title: string): Promise<void> {
  if (history.length < 2) return;
  const best = history.reduce((a, b) => (b.valid < a.valid ? b : a));
  const subtitle = `lowest on the validation text: ${bits(best.valid)} bits per byte, epoch ${best.epoch.toFixed(1)}`;
  folder.write('curve', await curveChart(history, title, subtitle));
}
