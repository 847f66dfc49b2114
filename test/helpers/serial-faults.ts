/** Boards at a port, and what can be wrong with them: for the tests of the studio and for its pictures. */
import { VirtualBoard } from '../../src/device/chip/board.js';
import { NorFlash } from '../../src/device/chip/norflash.js';
import { FakeRom } from '../../src/device/chip/rom.js';
import type { Board, SerialOptions } from './web-serial.js';

export interface BoardAtPort {
  readonly board: Board;
  readonly options?: SerialOptions;
}

function blank(options: ConstructorParameters<typeof VirtualBoard>[0] = {}): VirtualBoard {
  const board = new VirtualBoard(options);
  board.powerOn();
  return board;
}

/** A loader in ROM alone, of any chip. */
function romOf(chip: 'ESP32-S3' | 'ESP32'): Board {
  let out: (data: Uint8Array) => void = () => undefined;
  const rom = new FakeRom({
    chip,
    flash: NorFlash.blank(4 << 20),
    send: (data) => setImmediate(() => out(data)),
    onRestart: () => undefined,
  });
  return {
    connect: (to) => {
      out = to;
    },
    disconnect: () => {
      out = () => undefined;
    },
    fromHost: (data) => rom.receive(data),
    setSignals: () => undefined,
  };
}

const nobody: Board = {
  connect: () => undefined,
  disconnect: () => undefined,
  fromHost: () => undefined,
  setSignals: () => undefined,
};

/** Pulls the cable when so many bytes were written. */
function pulledAfter(most: number): SerialOptions {
  let bytes = 0;
  let gone = false;
  return {
    onWrite: (data, port) => {
      bytes += data.length;
      if (bytes > most && !gone) {
        gone = true;
        void port.unplug();
      }
      return !gone;
    },
  };
}

/** Changes each so-many-th byte that the board says. */
function noise(every: number): SerialOptions {
  let bytes = 0;
  return {
    onRead: (data) => {
      for (let i = 0; i < data.length; i++) if (++bytes % every === 0) data[i] ^= 0x55;
      return data;
    },
  };
}

export const AT_PORT = {
  /** An ESP32-C3 with nothing in its flash. */
  blank: (): BoardAtPort => ({ board: blank() }),
  /** The person closes the list of ports. */
  notChosen: (): BoardAtPort => ({ board: nobody, options: { chooses: false } }),
  unplugged: (): BoardAtPort => ({ board: blank(), options: pulledAfter(40_000) }),
  otherChip: (): BoardAtPort => ({ board: romOf('ESP32-S3') }),
  silent: (): BoardAtPort => ({ board: nobody }),
  smallFlash: (): BoardAtPort => ({ board: blank({ flashBytes: 1 << 20 }) }),
  noise: (): BoardAtPort => ({ board: blank(), options: noise(4001) }),
  /** So much that nothing gets through. */
  loudNoise: (): BoardAtPort => ({ board: blank(), options: noise(7) }),
} as const;
