/** The bar on a terminal that training and transfers share. */
import { SingleBar } from 'cli-progress';
import { coloured, type Terminal } from './terminal.js';

export interface ProgressBar {
  /** Shows the bar, or moves it. @param payload what the format's braces name */
  update(total: number, done: number, payload: Readonly<Record<string, string>>): void;
  /** Takes the bar away; nothing happens when there is none. */
  end(): void;
}

/**
 * The bar saves the cursor's place when it first shows and goes back there when it ends: nothing else may be written
 * in between.
 * @param format as of cli-progress: `{bar}`, `{percentage}`, and the payload's members
 * @param fps drawn at most so many times a second
 */
export function progressBar(terminal: Terminal, format: string, fps: number): ProgressBar {
  const single = new SingleBar({
    stream: terminal.stderr as NodeJS.WritableStream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: coloured(terminal.stderr, process.env),
    clearOnComplete: true,
    stopOnComplete: false,
    fps,
    etaBuffer: 1, // the payload says what is left
  });
  let running = false;
  return {
    update(total, done, payload) {
      if (!running) single.start(total, done, payload);
      else single.update(done, payload);
      running = true;
    },
    end() {
      if (running) single.stop();
      running = false;
    },
  };
}
