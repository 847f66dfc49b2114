/** How flashing shows itself: a bar on a terminal, a line for each part elsewhere. */
import type { FlashProgress } from '../device/flash/index.js';
import { hex, type NamedPart } from '../board/flash-plan.js';
import { progressBar } from './progress-bar.js';
import type { Terminal } from './terminal.js';
import { bytesText, count, duration } from './values.js';

/** A part that is in flash, verified. */
export interface Written {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** of what is in flash: the part filled up with FF to a multiple of four bytes */
  readonly md5: string;
  readonly seconds: number;
}

export interface FlashDisplay {
  progress(event: FlashProgress): void;
  /** Takes the bar away. */
  end(): void;
  readonly written: readonly Written[];
  /** the part that was being written when it ended, or the first of those still to come */
  readonly unfinished: NamedPart | undefined;
  /** whether anything of flash may have changed */
  readonly touched: boolean;
}

/**
 * @param parts those that will be written, in this order; may be filled in before the first is written
 * @param port for messages
 */
export function showFlashing(terminal: Terminal, port: string, parts: readonly NamedPart[]): FlashDisplay {
  const bar = terminal.stderr.isTTY === true ? transferBar(terminal) : undefined;
  const written: Written[] = [];
  let current = -1;
  let start = 0;
  let touched = false;
  const writing = ({ part, name, sent, total }: Extract<FlashProgress, { phase: 'writing' }>): void => {
    touched = true;
    if (part !== current) {
      current = part;
      start = performance.now();
      const { offset, data } = parts[part];
      if (!bar) terminal.note(`writing ${name}: ${count(data.length)} bytes at ${hex(offset)} …`);
    }
    const seconds = (performance.now() - start) / 1000;
    // What is sent is compressed: speed and time count bytes of flash.
    const done = (sent / total) * parts[part].data.length;
    bar?.update(name, parts[part].data.length, done, seconds);
  };
  return {
    written,
    get unfinished() {
      return parts[written.length];
    },
    get touched() {
      return touched;
    },
    progress(event) {
      switch (event.phase) {
        case 'connecting':
          return terminal.note(`connecting to ${port} …`);
        case 'connected': {
          const { chip, flashBytes } = event;
          const size = flashBytes === undefined ? 'flash of unknown size' : `${flashBytes / 2 ** 20} MB of flash`;
          return terminal.note(`${chip}, ${size}`);
        }
        case 'erasing':
          touched = true;
          return terminal.note('erasing all of flash (up to a minute) …');
        case 'writing':
          return writing(event);
        case 'verified': {
          const { name, bytes, md5 } = event;
          const seconds = (performance.now() - start) / 1000;
          bar?.end();
          written.push({ name, offset: parts[written.length].offset, bytes, md5, seconds });
          return terminal.note(
            `  ${name}: ${count(bytes)} bytes at ${hex(written.at(-1)!.offset)} in ` +
              `${seconds.toFixed(1)} s (${bytesText(bytes / Math.max(seconds, 0.001))}/s), verified`,
          );
        }
        case 'resetting':
        case 'done':
          return;
        default:
          return event satisfies never;
      }
    },
    end: () => bar?.end(),
  };
}

export interface Bar {
  /** @param total bytes of all, `done` of them there after `seconds` */
  update(name: string, total: number, done: number, seconds: number): void;
  end(): void;
}

/** A bar with speed and time left. */
export function transferBar(terminal: Terminal): Bar {
  const bar = progressBar(terminal, 8);
  return {
    update(name, total, done, seconds) {
      const rate = seconds > 0 ? done / seconds : 0;
      bar.update(total, done, [
        `${Math.floor((100 * done) / total)} %`,
        name,
        rate > 0 ? `${bytesText(rate)}/s` : '',
        rate > 0 ? `${duration((total - done) / rate)} left` : '',
      ]);
    },
    end: bar.end,
  };
}
