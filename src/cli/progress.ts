/** How training shows itself: a bar on a terminal, lines elsewhere. */
import type { ProgressDisplay } from '../run/training.js';
import type { HistoryPoint } from '../train/index.js';
import { progressBar } from './progress-bar.js';
import { styled, type Terminal } from './terminal.js';
import { bits, count, duration } from './values.js';

/** Between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY = 10_000;

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
  const shown = progressBar(terminal, 4);
  return {
    progress(event) {
      shown.update(event.steps, event.step, [
        `bits per byte ${bits(event.trainBits)}`,
        `epoch ${event.epoch.toFixed(1)}/${event.epochs.toFixed(1)}`,
        `${count(event.tokensPerSecond)} tokens/s`,
        `${duration(event.secondsLeft)} left`,
      ]);
    },
    evaluation(point, best, sample) {
      shown.end();
      terminal.note(evaluationLine(point, best));
      if (sample !== undefined) terminal.note(styled('dim', `  “${sampleLine(sample)}”`));
    },
    end: shown.end,
  };
}
