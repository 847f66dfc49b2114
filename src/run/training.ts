/** Drives a training run and keeps its files: checkpoints, history, curve, samples. */
import type { Checkpoint, HistoryPoint, TrainEvent, TrainingRun, TrainOptions } from '../train/index.js';
import { encodeCheckpoint } from './checkpoint-file.js';
import { coolingSteps } from './plateau.js';
import type { RunFiles } from './run-files.js';
import { fittingSteps, lastMoment, type TimeLimit } from './time-limit.js';
import { bits } from './words.js';

/** How a run shows itself. */
export interface ProgressDisplay {
  progress(event: Extract<TrainEvent, { kind: 'progress' }>): void;
  /** @param sample generated text, or why there is none */
  evaluation(point: HistoryPoint, best: boolean, sample: string | undefined): void;
  /** Takes the bar away, so that other lines may follow. */
  end(): void;
}

/** What can be asked of a run while it trains. */
export interface TrainControls {
  /** Ends it at the next step's border; everything is saved. */
  stop(): void;
  /** Stands still at the next step's border. Resolves to the checkpoint there, which is saved; not at all when the run ends before. */
  pause(): Promise<Checkpoint>;
  resume(): void;
}

export interface Training {
  readonly run: TrainingRun;
  /** The step it begins at. */
  readonly from: number;
  readonly files: RunFiles;
  readonly display: ProgressDisplay;
  /** Is given the controls. @returns what takes them away at the end */
  readonly control: (controls: TrainControls) => () => void;
  /** Text of the model as it stands; undefined for none. */
  readonly sample: (checkpoint: Checkpoint) => Promise<string | undefined>;
  /** Draws the curve, as SVG; without it there is no picture. */
  readonly curve?: (history: readonly HistoryPoint[]) => Promise<string>;
  /** Ends it in time, whatever was planned. */
  readonly limit?: TimeLimit;
  /** Ends it where it stops getting better: goes on from the best point with so many steps in all, which is written down. */
  /** The best checkpoint until now, of a run that is resumed and may have to go back to it. */
  readonly bestSoFar?: Checkpoint | undefined;
  readonly cool?: (options: TrainOptions, best: Checkpoint, planned: number) => Promise<TrainingRun>;
}

export interface Outcome {
  /** The last step was done, or it was stopped before. */
  readonly kind: 'end' | 'stopped';
  readonly checkpoint: Checkpoint;
  /** How long it trained here, evaluations and samples included. */
  readonly seconds: number;
  /** Tokens that it trained on. */
  readonly tokens: number;
  /** Speed between evaluations: the median of about one measurement a second; NaN when there was none. */
  readonly tokensPerSecond: number;
}

/** The picture of the curve takes some time to draw: not more often than this, in milliseconds. */
const CURVE_EVERY = 15_000;

/**
 * Trains to the end or until it is stopped. After each evaluation the files hold all that is needed to go on from
 * there: the best weights are written before the checkpoint that speaks of them, so a run that was killed in
 * between goes back one interval and writes the same ones again.
 */
export async function train({
  run: first,
  from,
  files,
  display,
  control,
  sample,
  curve,
  limit,
  cool,
  bestSoFar,
}: Training): Promise<Outcome> {
  let run = first;
  let asked = false;
  let failure: unknown;
  /** Of a pause that was asked for and is not there yet. */
  let pausing: ((checkpoint: Checkpoint) => void) | undefined;
  let pausedAt: number | undefined;
  let pausedMs = 0;
  let late: ReturnType<typeof setTimeout> | undefined;
  const started = performance.now();
  const elapsed = (): number => ((pausedAt ?? performance.now()) - started - pausedMs) / 1000;
  const watch = (): void => {
    if (limit) late = setTimeout(() => run.stop(), Math.max(0, 1000 * (lastMoment(limit.seconds) - elapsed())));
  };
  const stand = (): void =>
    run.pause((checkpoint) => {
      pausedAt = performance.now();
      clearTimeout(late);
      const told = pausing;
      pausing = undefined;
      void (async () => {
        try {
          await files.write('last', encodeCheckpoint(checkpoint));
          told?.(checkpoint);
        } catch (error) {
          failure = error;
          run.stop();
        }
      })();
    });
  const wake = (): void => {
    if (pausedAt === undefined) return;
    pausedMs += performance.now() - pausedAt;
    pausedAt = undefined;
    watch();
  };
  const done = control({
    stop() {
      asked = true;
      display.end();
      wake();
      run.stop();
    },
    pause: () =>
      new Promise((resolve) => {
        pausing = resolve;
        stand();
      }),
    resume() {
      pausing = undefined;
      wake();
      run.resume();
    },
  });
  watch();
  /** Goes on with so many steps in all. */
  const replan = async (steps: number, checkpoint: Checkpoint): Promise<void> => {
    await run.close();
    run = await limit!.again({ ...checkpoint.options, steps }, checkpoint);
    if (asked) run.stop();
    else if (pausing) stand();
  };
  let bestPoint = bestSoFar;
  let cooled = cool === undefined;
  const speeds: number[] = [];
  let drawn = -Infinity;
  const draw = async (history: readonly HistoryPoint[]): Promise<void> => {
    if (curve && history.length >= 2) await files.write('curve', await curve(history));
  };
  const outcome = (kind: Outcome['kind'], checkpoint: Checkpoint): Outcome => ({
    kind,
    checkpoint,
    seconds: elapsed(),
    tokens: (checkpoint.step - from) * run.options.lanes * run.options.segment,
    tokensPerSecond: [...speeds].sort((a, b) => a - b)[speeds.length >> 1] ?? NaN,
  });
  try {
    for (let events = run.events(); ; ) {
      const { value: event, done: over } = await events.next();
      if (failure !== undefined) throw failure;
      if (over) break;
      switch (event.kind) {
        case 'progress':
          display.progress(event);
          speeds.push(event.tokensPerSecond);
          break;
        case 'evaluation': {
          const { checkpoint, best, point } = event;
          if (best) {
            bestPoint = checkpoint;
            await files.write('best', encodeCheckpoint(checkpoint, { resumable: !cooled }));
          }
          await files.write('last', encodeCheckpoint(checkpoint));
          const text = await sample(checkpoint);
          if (text !== undefined)
            await files.append(
              'samples',
              `=== step ${point.step}, epoch ${point.epoch.toFixed(2)}, ` +
                `validation ${bits(point.valid)} bits per byte ===\n` +
                `${text}\n\n`,
            );
          display.evaluation(point, best, text);
          await files.writeJson('history', checkpoint.history);
          if (performance.now() - drawn > CURVE_EVERY) {
            await draw(checkpoint.history);
            drawn = performance.now();
          }
          const end = cooled || asked || !bestPoint ? undefined : coolingSteps(checkpoint);
          if (end !== undefined) {
            cooled = true;
            const options = { ...bestPoint!.options, steps: end };
            await run.close();
            // Before the record of the run speaks of it: a run that is killed in between comes here again.
            await files.write('last', encodeCheckpoint({ ...bestPoint!, options }));
            run = await cool!(options, bestPoint!, checkpoint.options.steps);
            if (asked) run.stop();
            else if (pausing) stand();
            events = run.events();
            break;
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
          await files.write('last', encodeCheckpoint(event.checkpoint));
          return outcome('stopped', event.checkpoint);
        case 'end':
          await draw(event.checkpoint.history);
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
