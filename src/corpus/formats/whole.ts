/** Reading a text at once, and with a limit no more of it than needed. */
import type { Collector } from '../collector.js';
import { textBytesFor, type Source } from '../source.js';

/**
 * Calls `read` with the text; with a limit, with a beginning of it, and with four times as much as long as that was
 * not enough. `read` begins anew each time: the collector is empty.
 */
export async function readGrowing<T>(
  source: Source,
  out: Collector,
  read: (text: string, cut: boolean) => T | Promise<T>,
): Promise<T> {
  const { maxBytes } = source.options;
  let most = maxBytes === undefined ? Infinity : textBytesFor(maxBytes) * 2;
  for (;;) {
    out.reset();
    const { text, cut } = await source.text(most);
    const result = await read(text, cut);
    if (!cut || out.full) return result;
    most *= 4;
  }
}
