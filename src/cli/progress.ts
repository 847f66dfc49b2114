/** How training shows itself: a bar on a terminal, lines elsewhere. */
import { SingleBar } from 'cli-progress';
import type { HistoryPoint, TrainEvent } from '../train/index.js';
import { coloured, styled, type Terminal } from './terminal.js';
import { bits, count, duration } from './values.js';

type Progress = Extract<TrainEvent, { kind: 'progress' }>;

/** Between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY = 10_000;

export interface ProgressDisplay {
  progress(event: Progress): void;
  /** @param sample generated text, or why there is none */
  evaluation(point: HistoryPoint, best: boolean, sample: string | undefined): void;
  /** Takes the bar away, so that other lines may follow. */
  end(): void;
}

function sampleLine(sample: string): string {
  const text = sample.replace(/\s+/g, ' ').trim();
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

function evaluationLine({ epoch, train, valid }: HistoryPoint, best: boolean): string {
  const figures = `training ${bits(train)}, validation ${bits(valid)}${best ? ' (best)' : ''}`;
  return `epoch ${epoch.toFixed(2).padStart(6)}   bits per byte: ${figures}`;
}

export function showProgress(terminal: Terminal): ProgressDisplay {
  return terminal.stderr.isTTY === true ? bar(terminal) : lines(terminal);
}

function lines(terminal: Terminal): ProgressDisplay {
  let next = 0;
  return {
    progress(event) {
      if (Date.now() < next) return;
      next = Date.now() + LINE_EVERY;
      terminal.note(
        `step ${event.step}/${event.steps}   epoch ${event.epoch.toFixed(2)}/${event.epochs.toFixed(2)}   ` +
          `bits per byte ${bits(event.trainBits)}   ${count(event.tokensPerSecond)} tokens/s   ` +
          `${duration(event.secondsLeft)} left`,
      );
    },
    evaluation(point, best, sample) {
      terminal.note(evaluationLine(point, best));
      if (sample !== undefined) terminal.note(`  “${sampleLine(sample)}”`);
    },
    end() {},
  };
}

function bar(terminal: Terminal): ProgressDisplay {
  const escape = coloured(terminal.stderr, process.env);
  const single = new SingleBar({
    stream: terminal.stderr as NodeJS.WritableStream,
    format: '{bar} epoch {epoch}  bits per byte {bits}  {speed} tokens/s  {left} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: escape,
    clearOnComplete: true,
    stopOnComplete: false,
    fps: 4,
    etaBuffer: 1,
  });
  let running = false;
  // The bar saves the cursor's place when it starts and goes back there when it ends: nothing else may be written
  // in between.
  const end = (): void => {
    if (running) single.stop();
    running = false;
  };
  return {
    progress(event) {
      const payload = {
        epoch: `${event.epoch.toFixed(1)}/${event.epochs.toFixed(1)}`,
        bits: bits(event.trainBits),
        speed: count(event.tokensPerSecond),
        left: duration(event.secondsLeft),
      };
      if (!running) single.start(event.steps, event.step, payload);
      else single.update(event.step, payload);
      running = true;
    },
    evaluation(point, best, sample) {
      end();
      terminal.note(evaluationLine(point, best));
      if (sample !== undefined) terminal.note(styled(terminal.stderr, 'dim', `  “${sampleLine(sample)}”`));
    },
    end,
  };
}
