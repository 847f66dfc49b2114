/** Virtual boards behind a TCP port, as the other verbs reach them. */
import { serveTcp, type Servable } from '../../src/cli/serve-board.js';
import { VirtualBoard } from '../../src/device/chip/board.js';
import { readPrebuilt } from '../../src/node/prebuilt.js';

const { image } = readPrebuilt();

/** Serves something while `body` talks to it. @param power of the board behind it, taken away afterwards */
export async function served<T>(
  served: Servable,
  body: (host: string, close: () => void) => Promise<T>,
  power: Servable | VirtualBoard = served,
): Promise<T> {
  const { option, close } = await serveTcp(served, 0);
  try {
    return await body(option.split(' ')[1], close);
  } finally {
    close();
    if (power instanceof VirtualBoard) power.powerOff();
  }
}

export function virtualBoard(program: Uint8Array = image): VirtualBoard {
  const board = new VirtualBoard({ syncEntersDownload: true });
  if (program.length > 0) board.chip.flash.program(0, program);
  board.powerOn();
  return board;
}
