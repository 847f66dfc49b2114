/** The bar on a terminal that training and transfers share. */
import { SingleBar } from 'cli-progress';
import { coloured, type Terminal } from './terminal.js';
import { visibleLine } from './visible.js';

export interface ProgressBar {
  /** Shows the bar, or moves it. @param words beside it, from left to right; the later ones stay longest */
  update(total: number, done: number, words: readonly string[]): void;
  /** Takes the bar away; nothing happens when there is none. */
  end(): void;
}

/** Columns of the bar itself. */
const WIDEST = 24;
const NARROWEST = 6;
const GAP = '  ';

/**
 * A bar with words beside it that fits a width: the bar gets narrower first, then words are left out from the left.
 * @param share 0 … 1
 * @param width columns of the terminal; the last one stays empty, since some go to the next line there
 */
export function barLine(share: number, words: readonly string[], width: number): string {
  const shown = words.filter((text) => text !== '').map(visibleLine);
  const room = (): number => width - 1 - shown.reduce((n, text) => n + GAP.length + text.length, 0);
  while (shown.length > 0 && room() < NARROWEST) shown.shift();
  const columns = Math.max(0, Math.min(WIDEST, room()));
  const full = Math.round(columns * Math.min(1, Math.max(0, share)));
  return ['█'.repeat(full) + '░'.repeat(columns - full), ...shown].join(GAP);
}

/**
 * The bar saves the cursor's place when it first shows and goes back there when it ends: nothing else may be written
 * in between.
 * @param fps drawn at most so many times a second
 */
export function progressBar(terminal: Terminal, fps: number): ProgressBar {
  let shown: readonly string[] = [];
  const single = new SingleBar({
    stream: terminal.stderr as NodeJS.WritableStream,
    format: (_, { progress }) => barLine(progress, shown, terminal.stderr.columns || 80),
    hideCursor: coloured(terminal.stderr, process.env),
    clearOnComplete: true,
    stopOnComplete: false,
    fps,
    etaBuffer: 1, // the words say what is left
  });
  let running = false;
  return {
    update(total, done, words) {
      shown = words;
      if (!running) single.start(total, done);
      else single.update(done);
      running = true;
    },
    end() {
      if (running) single.stop();
      running = false;
    },
  };
}
