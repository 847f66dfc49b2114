/** What the virtual chip's worker answers: a board with a port, which other workers use as they would use a real one. */
import { VirtualBoard } from '../device/chip/index.js';
import type { Transport } from '../device/index.js';
import { TinyLMError } from '../model/errors.js';
import type { Handlers } from './calls.js';
import { servePort, type ServedPort } from './ports.js';
import type { BoardStateName, VirtualCalls } from './protocol.js';

/** The ROM of a chip without a program resets it by its watchdog again and again; who opens the port hears one of them. */
function wakingPort(board: VirtualBoard): Transport {
  const port = board.port();
  const open = port.open.bind(port);
  port.open = async () => {
    await open();
    if (board.state === 'stopped') board.reset('rtc-watchdog');
  };
  return port;
}

type State = { readonly state: BoardStateName; readonly why: string };

/** @param random of the chip's random number register; default the browser's */
export function virtualHandlers(random: () => number = () => crypto.getRandomValues(new Uint32Array(1))[0]): Handlers<VirtualCalls> {
  let board: VirtualBoard | undefined;
  let served: ServedPort | undefined;
  let flash: Uint8Array | undefined;
  const watching = new Set<{ tell: (state: State) => void; end: () => void }>();
  const stop = async (): Promise<void> => {
    await served?.close();
    board?.powerOff();
    flash = board?.chip.flash.bytes ?? flash;
    board = served = undefined;
  };
  return {
    async 'virtual/start'({ port, flashBytes }) {
      await stop();
      board = new VirtualBoard({
        random,
        ...(flashBytes !== undefined && { flashBytes }),
        onState: (state, why) => watching.forEach(({ tell }) => tell({ state, why })),
      });
      const { bytes } = board.chip.flash;
      if (flash?.length === bytes.length) bytes.set(flash);
      served = servePort(wakingPort(board), port);
      board.powerOn();
      return {};
    },
    'virtual/watch': (_, { tell, signal }) => new Promise((resolve) => {
      const watch = { tell, end: () => { watching.delete(watch); resolve({}); } };
      watching.add(watch);
      signal.addEventListener('abort', watch.end);
    }),
    async 'virtual/stop'({ forget = false }) {
      if (board === undefined && !forget) throw new TinyLMError('virtual-off', 'the virtual chip is off already');
      await stop();
      if (forget) flash = undefined;
      watching.forEach(({ end }) => end());
      return {};
    },
  };
}
